#pragma once

#include "config/suggest.hpp"
#include "kernel/rpc/params.hpp"

#include <dkvm/result.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

namespace dkvm {

// Names an item of a list by its number: texts of one length sort as numbers do.
inline std::string number_key(std::uint64_t number) { return fmt::format("{:012}", number); }

// The number that `after` names; 0 without one.
// Errors: Errc::invalid for a text that number_key() has not made.
inline Result<std::uint64_t> number_after(const Params& params) {
  DKVM_TRY(const std::string after, params.text_or("after", ""));
  std::uint64_t number = 0;
  std::from_chars(after.data(), after.data() + after.size(), number);
  if (after.empty() || number_key(number) == after) return number;
  return fail(Errc::invalid, fmt::format("'after' is {}, expected the 'next' of another answer",
                                         detail::in_quotes(after)));
}

}  // namespace dkvm
