#include "tests/e2e/desk.hpp"
#include "tests/e2e/sink_file.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <dkvm/detail/fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string>

// Files that somebody is writing while the kernel is asked to read them.
using namespace dkvm::test;

namespace {

// Long enough that it is written in pieces, each of which a reader may find alone. What
// comes first is a whole configuration, with which nothing would be typed any more.
std::string long_yaml(const Desk& desk, const Source& keyboard, int number) {
  std::string text = "kernel: {name: desk, runtime_dir: run}\ninclude: [control.yaml]\ndevices:\n" +
                     keyboard.yaml() +
                     "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n";
  text += "# " + desk.path("") + std::string(3000, '.') + "\n";
  text += "pipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n";
  text += "  - {name: p" + std::to_string(number) + ", from: keyboard/keyboard, to: typed, " +
          "enabled: false}\n";
  return text;
}

// Somebody who writes a file, and whose children do not.
class FileWriter {
 public:
  explicit FileWriter(const std::string& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    REQUIRE(fd_);
  }
  void write(const std::string& piece) const {
    REQUIRE(::write(fd_.get(), piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()));
  }
  void close() { fd_.reset(); }

 private:
  dkvm::detail::Fd fd_;
};

bool has_pipeline(const Desk& desk, const std::string& name) {
  const Json answer = desk.ctl("pipelines");
  for (const Json& each : answer.at("pipelines"))
    if (each.at("name") == name) return true;
  return false;
}

struct HalfDesk {
  Desk desk;
  Source keyboard{desk, "keyboard"};
  SinkFile typed{desk.path("typed.jsonl")};

  HalfDesk() {
    desk.start("devices:\n" + keyboard.yaml() +
               "  typed: {type: dummy-keyboard-sink, config: {file: typed.jsonl}}\n"
               "pipelines:\n  - {name: typing, from: keyboard/keyboard, to: typed}\n");
    keyboard.down("KEY_LEFTCTRL");
    REQUIRE(eventually(kPatience, [&] { return typed.has({"KEY_LEFTCTRL"}); }));
  }
};

}  // namespace

TEST_CASE("A file that is written in pieces is read when it is whole, however often it is asked") {
  constexpr int kFiles = 30;
  Random random;
  INFO(random.again());
  HalfDesk it;
  for (int number = 0; number < kFiles; ++number) {
    const std::string text = long_yaml(it.desk, it.keyboard, number);
    {
      const FileWriter out(it.desk.config());
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t piece = random.between(1, text.size() / 3);
        out.write(text.substr(at, piece));
        at += piece;
        it.desk.kernel().signal(SIGHUP);
        it.keyboard.tap("KEY_A");  // the kernel has a turn
      }
    }
    it.desk.kernel().signal(SIGHUP);
    INFO(it.desk.log());
    CHECK(
        eventually(kPatience, [&] { return has_pipeline(it.desk, "p" + std::to_string(number)); }));
    CHECK(it.typed.count("KEY_LEFTCTRL", false) == 0);
  }
  INFO(it.desk.log());
  CHECK(it.desk.log().find("not reloaded") == std::string::npos);
}

TEST_CASE("A reload waits for whoever writes the file, and is answered by what it then says") {
  HalfDesk it;
  const std::string text = long_yaml(it.desk, it.keyboard, 1);
  FileWriter out(it.desk.config());
  out.write(text.substr(0, text.find("pipelines:")));
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl", "--json", "--socket", it.desk.socket(), "reload"};
  setup.out = it.desk.path("reload.out");
  Child reload(setup);
  CHECK(always(Seconds{0.3}, [&] { return !reload.ended(); }));
  CHECK(has_pipeline(it.desk, "typing"));
  out.write(text.substr(text.find("pipelines:")));
  out.close();
  REQUIRE(eventually(kPatience, [&] { return reload.ended().has_value(); }));
  CHECK(reload.ended() == 0);
  const Json answer = Json::parse(read_text(it.desk.path("reload.out")));
  CHECK(answer.at("pipelines_changed") == 1);
  CHECK(answer.at("stopped").empty());
  CHECK(it.typed.has({"KEY_LEFTCTRL"}));
}

TEST_CASE("A file that somebody never finishes is refused after two seconds, by its name") {
  HalfDesk it;
  const std::string included = it.desk.path("more.yaml");
  FileWriter writer(included);
  writer.write("[]\n");
  it.desk.write("devices: {}\npipelines:\n  - include: more.yaml\n");
  const std::vector<pid_t> before = it.desk.pids();
  const Finished reload = it.desk.try_ctl("reload");
  CHECK(reload.status == 1);
  CHECK(reload.output.find("kvm.yaml:5:") != std::string::npos);
  CHECK(reload.output.find("'more.yaml' cannot be read, expected a YAML file: somebody is "
                           "writing it") != std::string::npos);
  CHECK(it.desk.pids() == before);
  CHECK(it.typed.has({"KEY_LEFTCTRL"}));
  writer.close();
  CHECK(it.desk.try_ctl("reload").status == 0);
}
