#pragma once

#include <dkvm/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dkvm {

struct JsonMember {
  std::string key;
  std::string_view value;  // the JSON text as it was written
};

// The members of a JSON object, their values as the texts they are: what is
// only passed on is neither rebuilt nor rounded.
// Errors: Errc::invalid when the text is no JSON object, or names a member twice.
// Life:   the values point into text.
Result<std::vector<JsonMember>> json_members(std::string_view text);

}  // namespace dkvm
