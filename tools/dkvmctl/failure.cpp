#include "tools/dkvmctl/failure.hpp"

#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/json.hpp"

#include <fmt/format.h>

#include <regex>
#include <utility>

namespace dkvm::ctl {
namespace {

constexpr std::string_view kNoGrant = "' has no grant for ";

// The device that the calls are made as: `'control' has no grant for …`.
std::string_view caller_of(std::string_view message) {
  const std::size_t end = message.find(kNoGrant);
  return message.starts_with('\'') && end != std::string_view::npos ? message.substr(1, end - 1)
                                                                    : std::string_view();
}

std::string grant_hint(const CallError& failure) {
  return fmt::format(
      "\nIn kvm.yaml, the `grants` of device '{}' lack:\n  - {{target: {}, methods: [{}]}}",
      printable(caller_of(failure.error.message())), printable(failure.target),
      printable(failure.method));
}

// `kvm.yaml:44:14: …`, as editors find it when it begins the line.
bool is_located(std::string_view line) {
  static const std::regex form("[^:]+:[0-9]+:[0-9]+: .*");
  const std::string_view first = line.substr(0, line.find('\n'));
  return std::regex_match(first.begin(), first.end(), form);
}

// Messages may be lists of errors: their lines stay lines.
std::string printable_lines(std::string_view rest) {
  std::string text;
  while (true) {
    const std::size_t end = rest.find('\n');
    text += printable(rest.substr(0, end));
    if (end == std::string_view::npos) return text;
    text += '\n';
    rest.remove_prefix(end + 1);
  }
}

std::string answered(const CallError& failure) {
  const Error& error = failure.error;
  std::string text =
      fmt::format("{}:{}{}", name(error.code()), is_located(error.message()) ? "\n" : " ",
                  printable_lines(error.message()));
  if (!failure.method.empty()) text = fmt::format("{}: {}", failure.method, text);
  switch (error.code()) {
    case Errc::denied: return lacks_grant(failure) ? text + grant_hint(failure) : text;
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
    case CallError::Kind::usage:
    case CallError::Kind::output: return failure.error.message();
    case CallError::Kind::here: return printable_lines(failure.error.message());
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
    case CallError::Kind::cut_off:
      return fmt::format(
          "{}: the connection was lost: {}.\n"
          "The kernel or its control device has ended or was restarted: `dkvmctl status` and\n"
          "`dkvmctl deaths` tell.",
          failure.method, failure.error.message());
    case CallError::Kind::late:
      return fmt::format("{}: {}\n--timeout waits longer.", failure.method,
                         failure.error.message());
  }
  return failure.error.message();
}

std::string as_json(const CallError& failure) {
  const bool answered =
      failure.kind == CallError::Kind::answered || failure.kind == CallError::Kind::here;
  Json error = {{"code", name(failure.error.code())},
                {"message", answered ? failure.error.message() : explain(failure)}};
  if (!failure.target.empty()) error["target"] = failure.target;
  if (!failure.method.empty()) error["method"] = failure.method;
  return Json{{"error", std::move(error)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool lacks_grant(const CallError& failure) {
  return failure.kind == CallError::Kind::answered && failure.error.code() == Errc::denied &&
         !caller_of(failure.error.message()).empty();
}

CallError joined(const std::vector<CallError>& denied) {
  if (denied.size() == 1) return denied.front();
  CallError all = denied.front();
  std::string quoted;
  all.method.clear();
  for (const CallError& each : denied) {
    all.method += (all.method.empty() ? "" : ", ") + each.method;
    quoted += fmt::format("{}'{}'", quoted.empty() ? "" : ", ", each.method);
  }
  all.error =
      Error(Errc::denied, fmt::format("'{}{}{} at '{}'", caller_of(denied.front().error.message()),
                                      kNoGrant, quoted, all.target));
  return all;
}

int exit_code_of(const CallError& failure) {
  switch (failure.kind) {
    case CallError::Kind::answered:
      return failure.error.code() == Errc::timeout ? kExitTimeout : kExitFailed;
    case CallError::Kind::usage: return kExitUsage;
    case CallError::Kind::here:
    case CallError::Kind::output: return kExitFailed;
    case CallError::Kind::no_kernel:
    case CallError::Kind::ended:
    case CallError::Kind::lost:
    case CallError::Kind::cut_off: return kExitNoKernel;
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
