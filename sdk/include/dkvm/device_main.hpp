#pragma once

#include <dkvm/describe.hpp>
#include <dkvm/device.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// main() of a device program: the ready-made loop, and what a person or a
// kernel may ask on the command line.
namespace dkvm {
namespace detail {

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

inline void print_help(const Manifest& manifest, std::FILE* to) {
  std::fprintf(to, "%s %s: %s\n\n", manifest.type.c_str(), manifest.version.c_str(),
               manifest.summary.c_str());
  std::fprintf(to,
               "A dKVM device. dkvm-kernel runs it; in kvm.yaml:\n\n"
               "  devices:\n    my-%s: {type: %s}\n\n"
               "  --describe  its ports and configuration keys, as JSON\n"
               "  --cleanup   releases what a dead instance left behind\n"
               "  --version   its version\n",
               manifest.type.c_str(), manifest.type.c_str());
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
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

template <class Loop>
int run_device(Device& device, Loop&& loop) {
  auto [in, out] = take_stdio();
  sigset_t ending, before;  // a device that has said hello ends in good order
  ::sigemptyset(&ending);
  ::sigaddset(&ending, SIGTERM);
  ::sigaddset(&ending, SIGINT);
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
// Exit status: 0 finished, 125 the configuration is refused, 2 run by hand,
// anything else is a failure.
template <class Loop>
int device_main(Device& device, int argc, char** argv, Loop&& loop) {
  const std::string_view option = argc > 1 ? argv[1] : "";
  if (option == "--describe") {
    std::fputs(describe(device.manifest()).c_str(), stdout);
    return 0;
  }
  if (option == "--version") {
    std::printf("%s %s\n", device.manifest().type.c_str(), device.manifest().version.c_str());
    return 0;
  }
  if (option == "--help" || option == "-h") {
    detail::print_help(device.manifest(), stdout);
    return 0;
  }
  if (option == "--cleanup") {
    if (const auto cleaned = device.cleanup(detail::codes_to_clean()); !cleaned) {
      log_error("cleanup: " + cleaned.error().message());
      return 1;
    }
    return 0;
  }
  if (!detail::is_stream_socket(STDIN_FILENO)) {
    detail::print_help(device.manifest(), stderr);
    return 2;
  }
  return detail::run_device(device, std::forward<Loop>(loop));
}

// The same on the ready-made loop.
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
