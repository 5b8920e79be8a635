#include "tests/hostile/kernel_run.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace dkvm::test;

namespace {

// Pings often, so that silence is soon noticed.
const std::string kNervous = "    health: {interval: 100ms, misses: 3}\n";

std::string exec(const std::string& name, const std::string& program) {
  return "  " + name + ":\n    exec: [" + program + "]\n    restart: never\n";
}

}  // namespace

TEST_CASE("programs that cannot be started or do not stay fail alone, and are told why") {
  const TempDir programs;
  const std::string no_program = programs.file("no-program", "this is no program\n");
  const std::string no_interpreter = programs.file("no-interpreter", "#!/nowhere/at/all\n");
  ::chmod(no_interpreter.c_str(), 0700);
  KernelRun run(exec("missing", "/nowhere/at/all") + exec("not-executable", no_program) +
                    exec("no-interpreter", no_interpreter) + exec("a-folder", "/usr") +
                    exec("no-device", "/bin/true") + liar("exit-at-once") +
                    liar("exit-with-nothing-said") + liar("exit-after-welcome") + liar("exit-125") +
                    liar("crash"),
                "", 2000);
  run.wait_failed("missing", "the program was not found");
  run.wait_failed("not-executable", "the program cannot be executed");
  run.wait_failed("no-interpreter", "the program was not found");
  run.wait_failed("a-folder", "the program cannot be executed");
  run.wait_failed("no-device", "before hello");
  run.wait_failed("exit-at-once", "exit status 3 before hello");
  run.wait_failed("exit-with-nothing-said", "exit status 0 before hello");
  run.wait_failed("exit-after-welcome", "exit status 3");
  run.wait_failed("exit-125", "exit status 125: it refuses to be started again");
  run.wait_failed("crash", "killed by SIGSEGV");
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("devices that fall silent are ended alone, and are told why") {
  KernelRun run(liar("close-stream") + liar("close-stdout", kNervous) +
                    liar("half-a-frame-and-wait", kNervous) + liar("stop-itself", kNervous) +
                    liar("stop-with-key-down") +
                    "  held:\n    type: dummy-keyboard-sink\n    config: {file: held.jsonl}\n",
                "  - {name: held, from: stop-with-key-down/keys, to: held}\n", 3000);
  run.wait_failed("close-stream", "it closed its stream but lived on");
  run.wait_failed("close-stdout", "no sign of life in 300 ms");
  run.wait_failed("half-a-frame-and-wait", "no sign of life in 300 ms");
  run.wait_failed("stop-itself", "stopped by a signal");
  run.wait_failed("stop-with-key-down", "its process was stopped by a signal while it held input");
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("what a device leaves behind ends with it, in whatever session") {
  KernelRun run(liar("leave-heirs") + liar("leave-a-flood") + liar("leave-fifty"), "", 2000);
  for (const char* each : {"leave-heirs", "leave-a-flood", "leave-fifty"})
    run.wait_failed(each, "exit status 3");
  // control, typist and paper: nobody else is left, with the kernel running on.
  run.wait_until("their heirs are gone", [&] { return run.processes().size() <= 3; });
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("a device that ignores everything does not hold up the kernel's end") {
  KernelRun run(liar("ignore-sigterm") + liar("no-hello") + liar("deaf-sink"), "", 500);
  run.wait_state("ignore-sigterm", "running");
  run.wait_state("deaf-sink", "running");
  run.check_bystander();
  run.check_clean_stop();
}

TEST_CASE("descriptors that a device sends never arrive") {
  KernelRun run(liar("ten-thousand-descriptors"), "", 1000);
  run.wait_state("ten-thousand-descriptors", "finished");
  CHECK(run.descriptors_max() < 60);
  run.check_bystander();
  run.check_clean_stop();
}
