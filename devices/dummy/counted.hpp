#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dkvm::dummy {

// For messages: `1 picture`, `2 pictures`.
inline std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace dkvm::dummy
