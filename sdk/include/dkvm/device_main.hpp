#pragma once

#include <dkvm/describe.hpp>
#include <dkvm/device.hpp>
#include <dkvm/help.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// main() of a device program: the ready-made loop, and what a person or a
// kernel may ask on the command line.
namespace dkvm {
namespace detail {

inline constexpr int kExitMisuse = 2;  // run by hand, or asked for what it cannot do

// SIGHUP too: Linux sends it, with SIGCONT, to a device that is stopped when
// its kernel dies, which then lets go of what it holds.
inline constexpr int kEndingSignals[] = {SIGTERM, SIGINT, SIGHUP};

inline bool is_stream_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof(type);
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

// Moves the kernel's stream away from descriptors 0 and 1, so that a stray
// printf lands in the log and not in the protocol.
inline std::pair<Fd, Fd> take_stdio() {
  constexpr int kFirstFreeFd = 10;
  Fd in(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, kFirstFreeFd));
  Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kFirstFreeFd));
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return {std::move(in), std::move(out)};
}

// A log line that nobody reads any more must not kill a device before it has let
// go: what is written to a closed pipe fails, and that is all. By a handler:
// SIG_IGN would pass on to the programs that a device starts.
inline void survive_closed_pipes() {
  struct sigaction action {};
  ::sigaction(SIGPIPE, nullptr, &action);
  if (action.sa_handler != SIG_DFL) return;  // the device's own choice
  action.sa_handler = [](int) {};
  ::sigaction(SIGPIPE, &action, nullptr);
}

// The codes that the kernel believes are down: "29,42".
inline std::vector<std::uint16_t> codes_to_clean() {
  std::vector<std::uint16_t> codes;
  const char* text = std::getenv("DKVM_CLEANUP_CODES");
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    std::uint16_t code = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), code);
    if (error != std::errc{}) break;
    codes.push_back(code);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty()) rest.remove_prefix(1);
  }
  return codes;
}

// Where the program lies, as well as its name tells.
inline std::string program_path(const char* name) {
  const std::unique_ptr<char, decltype(&std::free)> path(::realpath(name, nullptr), &std::free);
  return path ? path.get() : name;
}

// True when what is written to stdout would land in a kernel's stream.
inline bool stdout_is_the_kernels() {
  return std::getenv("DKVM_DEVICE") != nullptr && is_stream_socket(STDOUT_FILENO);
}

// What a person or a kernel may ask on the command line instead of running the
// device. It is the last argument: those before it are the program's own.
// The exit status, or nothing: run it.
inline std::optional<int> answer(dkvm::Device& device, std::string_view option,
                                 const char* program) {
  const Manifest& manifest = device.manifest();
  if (option == "--cleanup") {
    survive_closed_pipes();
    const auto cleaned = device.cleanup(codes_to_clean());
    if (!cleaned) log_error("cleanup: " + cleaned.error().message());
    return cleaned ? 0 : cleaned.error().code() == Errc::unsupported ? kExitMisuse : 1;
  }
  std::string text;
  if (option == "--describe") text = describe(manifest);
  if (option == "--version") text = manifest.type + " " + manifest.version + "\n";
  if (option == "--help" || option == "-h") text = help(manifest, program_path(program));
  if (!text.empty() && stdout_is_the_kernels()) {
    log_error(
        "started with '" + std::string(option) +
        "', which it answers by hand only: expected no such word in args (or exec) of kvm.yaml");
    return kExitRefused;
  }
  if (!text.empty()) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (is_stream_socket(STDIN_FILENO)) return std::nullopt;
  if (!option.empty())
    text =
        manifest.type + ": '" + std::string(option) + "' is no option of a device run by hand\n\n";
  text += help(manifest, program_path(program));
  std::fputs(text.c_str(), stderr);
  return kExitMisuse;
}

inline Context*& signalled_context() {
  static Context* context = nullptr;  // a signal handler can reach nothing else
  return context;
}

inline void end_on_signals(Context& context) {
  signalled_context() = &context;
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (Context* running = signalled_context()) running->terminate_from_signal();
  };
  for (const int signal : kEndingSignals) ::sigaction(signal, &action, nullptr);
}

template <class Loop>
int run_device(dkvm::Device& device, Loop&& loop) {
  auto [in, out] = take_stdio();
  survive_closed_pipes();
  sigset_t ending, before;  // a device that has said hello ends in good order
  ::sigemptyset(&ending);
  for (const int signal : kEndingSignals) ::sigaddset(&ending, signal);
  ::sigprocmask(SIG_BLOCK, &ending, &before);
  auto context = device.run_over(std::move(in), std::move(out));
  if (!context) {
    log_error(context.error().message());
    return 1;
  }
  end_on_signals(**context);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  loop(**context);
  signalled_context() = nullptr;
  return (*context)->exit_status();
}

}  // namespace detail

// Runs a device on a loop of one's own: loop(Context&) calls dispatch() whenever
// the context's fd() is readable, and returns once it has finished().
// Exit status: 0 finished, 125 the configuration is refused, 2 run by hand or
// asked for what it cannot do, anything else is a failure.
template <class Loop>
int device_main(Device& device, int argc, char** argv, Loop&& loop) {
  const char* program = argc > 0 ? argv[0] : "";
  const char* option = argc > 1 ? argv[argc - 1] : "";
  if (const auto status = detail::answer(device, option, program)) return *status;
  return detail::run_device(device, std::forward<Loop>(loop));
}

// The same on the ready-made loop. A device with arguments of its own parses
// them before: here the last one counts, and only when it is one of those that
// --help lists.
inline int device_main(Device& device, int argc, char** argv) {
  return device_main(device, argc, argv, [](Context& context) {
    while (!context.finished()) context.dispatch(-1);
  });
}

template <class DeviceType>
int device_main(int argc, char** argv) {
  DeviceType device;
  return device_main(device, argc, argv);
}

}  // namespace dkvm
