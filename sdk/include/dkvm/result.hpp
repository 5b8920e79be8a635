#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dkvm {

// What the caller should do about an error.
// Source: docs/protocol.md, "Codes"; the values are wire::Code.
enum class Errc : std::uint8_t {
  invalid = 1,       // mend the input; trying again changes nothing
  unsupported = 2,   // do without, or use another version
  disconnected = 3,  // reconnect
  overloaded = 4,    // slow down, then try again
  timeout = 5,       // it may or may not have happened
  denied = 6,        // ask for a grant
  not_found = 7,     // name another
  exhausted = 8,     // release something, or try at the next frame
  corrupt = 9,       // the bytes are damaged: drop the sender
  internal = 10,     // a defect of ours
};

constexpr std::string_view name(Errc code) {
  switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::unsupported: return "unsupported";
    case Errc::disconnected: return "disconnected";
    case Errc::overloaded: return "overloaded";
    case Errc::timeout: return "timeout";
    case Errc::denied: return "denied";
    case Errc::not_found: return "not_found";
    case Errc::exhausted: return "exhausted";
    case Errc::corrupt: return "corrupt";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

// An error with the story of where it happened: each layer puts its own words
// in front ("reading frame header from device 'kbd0': peer closed").
class Error {
 public:
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

  Errc code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error, one layer further out.
  Error within(std::string_view context) && {
    message_.insert(0, ": ");
    message_.insert(0, context);
    return std::move(*this);
  }

 private:
  Errc code_;
  std::string message_;
};

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace dkvm

#define DKVM_CONCAT_INNER(a, b) a##b
#define DKVM_CONCAT(a, b) DKVM_CONCAT_INNER(a, b)

// Evaluates a Result; on an error returns it from the enclosing function.
#define DKVM_CHECK(expression)                             \
  do {                                                     \
    if (auto dkvm_result = (expression); !dkvm_result)     \
      return ::dkvm::fail(std::move(dkvm_result).error()); \
  } while (false)

// Assigns the value of a Result to `target` (a variable or a declaration), or
// returns its error from the enclosing function.
#define DKVM_TRY(target, expression) \
  DKVM_TRY_INNER(DKVM_CONCAT(dkvm_result_, __LINE__), target, expression)
#define DKVM_TRY_INNER(result, target, expression)             \
  auto result = (expression);                                  \
  if (!result) return ::dkvm::fail(std::move(result).error()); \
  target = std::move(*result)
