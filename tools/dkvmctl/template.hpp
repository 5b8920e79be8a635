#pragma once

#include <map>
#include <string>
#include <string_view>

namespace dkvm::ctl {

// The text with every `@NAME@` that has a value replaced by it; what has none stays.
std::string filled(std::string_view text, const std::map<std::string, std::string>& values);

// `acme-pedal` as the name of a class: AcmePedal.
std::string class_name_of(std::string_view name);

}  // namespace dkvm::ctl
