#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dkvm::media {

// The name of a numbered row of files: `frame-%06d.png`, `%d.png`. `%%` is a
// percent sign.
struct NumberedName {
  std::string prefix{};  // of the path, with the folder
  std::string suffix{};

  // nullopt for a path without a number in it.
  // Errors: Errc::invalid for more than one number, or one in a folder's name.
  static Result<std::optional<NumberedName>> parse(const std::string& path);

  // One more than the largest number of a file that is there; 1 without any.
  std::uint64_t next() const;
};

}  // namespace dkvm::media
