#pragma once

#include "config/error_list.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dkvm::detail {

using FileName = std::shared_ptr<const std::string>;

// The bytes of a file as text for the parser: UTF-8 without a byte order mark,
// lines ended by LF, the last one too, no control characters. Otherwise the
// first offence is added to errors.
std::optional<std::string> clean_text(std::string_view bytes, const FileName& file,
                                      ErrorList& errors);

}  // namespace dkvm::detail
