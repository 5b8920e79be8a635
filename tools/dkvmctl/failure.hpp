#pragma once

#include <dkvm/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm::ctl {

// Exit codes.
// Source: docs/operations.md, "Exit codes".
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNoKernel = 3;
inline constexpr int kExitTimeout = 4;

// How a call ended that did not succeed.
struct CallError {
  enum class Kind {
    answered,   // the other side said no
    usage,      // what was asked for makes no sense
    here,       // it needs no kernel, and failed on this machine
    output,     // what came of it could not be shown
    no_kernel,  // nobody listens
    ended,      // the control device took its leave before the answer
    lost,       // the connection broke before the answer
    cut_off,    // so did one that was only looked at
    late,       // no answer in time
  };
  Kind kind = Kind::answered;
  Error error;
  std::string target;  // of the call, where there was one
  std::string method;
};

template <class T = void>
using Called = tl::expected<T, CallError>;

// What a person reads about it on stderr, and what to do; several lines.
std::string explain(const CallError& failure);

// The same for a program, on one line: {"error":{code, message, target?, method?}}.
std::string as_json(const CallError& failure);

// Whether it is the kernel that says that a grant is missing.
bool lacks_grant(const CallError& failure);
// All of these in one: each lacks a grant, at the same target.
CallError joined(const std::vector<CallError>& denied);

int exit_code_of(const CallError& failure);

// The code that a name stands for; `internal` for a name that is unknown.
Errc errc_of(std::string_view code_name);

}  // namespace dkvm::ctl

namespace dkvm {
inline tl::unexpected<ctl::CallError> fail(ctl::CallError error) {
  return tl::unexpected<ctl::CallError>(std::move(error));
}
}  // namespace dkvm
