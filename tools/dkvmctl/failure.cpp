#include "tools/dkvmctl/failure.hpp"

#include "tools/dkvmctl/format.hpp"

#include <fmt/format.h>

namespace dkvm::ctl {
namespace {

std::string grant_hint(const CallError& failure) {
  return fmt::format(
      "\nThe control device needs a grant. In kvm.yaml, then `kill -HUP` the kernel or\n"
      "`dkvmctl reload`:\n\n"
      "  devices:\n"
      "    control:\n"
      "      type: control\n"
      "      grants:\n"
      "        - {{target: {}, methods: [{}]}}",
      failure.target, failure.method);
}

std::string answered(const CallError& failure) {
  const Error& error = failure.error;
  // Messages may be lists of errors: their lines stay lines.
  std::string text;
  std::string_view rest = error.message();
  while (true) {
    const std::size_t end = rest.find('\n');
    text += printable(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    text += '\n';
    rest.remove_prefix(end + 1);
  }
  text = fmt::format("{}: {}", name(error.code()), text);
  if (!failure.method.empty()) text = fmt::format("{}: {}", failure.method, text);
  switch (error.code()) {
    case Errc::denied: return failure.method.empty() ? text : text + grant_hint(failure);
    case Errc::overloaded: return text + "\nTry again in a moment.";
    case Errc::timeout:
      return text + "\nIt may have happened all the same. --timeout waits longer.";
    case Errc::internal: return text + "\nThis is a defect; `dkvmctl logs` may say more.";
    default: return text;
  }
}

}  // namespace

std::string explain(const CallError& failure) {
  switch (failure.kind) {
    case CallError::Kind::answered: return answered(failure);
    case CallError::Kind::usage: return failure.error.message();
    case CallError::Kind::no_kernel:
      return "no kernel answers\n" + failure.error.message() +
             "\nStart one with `dkvm-kernel --config kvm.yaml`, with a device of type `control`,\n"
             "or say where its socket is with --socket.";
    case CallError::Kind::ended:
    case CallError::Kind::lost:
      return fmt::format(
          "{}: the connection was lost: {}.\n"
          "The kernel or its control device has ended or was restarted; the call may have\n"
          "happened all the same. `dkvmctl status` and `dkvmctl deaths` tell.",
          failure.method, failure.error.message());
    case CallError::Kind::late:
      return fmt::format("{}: {}\n--timeout waits longer.", failure.method,
                         failure.error.message());
  }
  return failure.error.message();
}

int exit_code_of(const CallError& failure) {
  switch (failure.kind) {
    case CallError::Kind::answered:
      return failure.error.code() == Errc::timeout ? kExitTimeout : kExitFailed;
    case CallError::Kind::usage: return kExitUsage;
    case CallError::Kind::no_kernel:
    case CallError::Kind::ended:
    case CallError::Kind::lost: return kExitNoKernel;
    case CallError::Kind::late: return kExitTimeout;
  }
  return kExitFailed;
}

Errc errc_of(std::string_view code_name) {
  for (int code = static_cast<int>(Errc::invalid); code <= static_cast<int>(Errc::internal); ++code)
    if (name(static_cast<Errc>(code)) == code_name) return static_cast<Errc>(code);
  return Errc::internal;
}

}  // namespace dkvm::ctl
