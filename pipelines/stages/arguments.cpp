#include "pipelines/stages/arguments.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <array>

namespace dkvm {

std::string shown_argument(const nlohmann::json& value) {
  constexpr std::size_t kShownBytesMax = 40;
  if (value.is_array()) return value.empty() ? "an empty list" : "a list";
  if (value.is_object()) return value.empty() ? "an empty map" : "a map";
  if (value.is_null()) return "nothing";
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  return text.size() > kShownBytesMax ? "a long text" : fmt::format("'{}'", text);
}

std::span<const std::string_view> input_code_names() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, detail::kNamedCodeCount> names;
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = detail::kNamedCodes[i].name;
    return names;
  }();
  return kNames;
}

ArgumentComplaints check_code_name(const std::string& text) {
  if (code_from_name(text)) return {};
  // CAPSLOCK, or KEY_capslock: what is nearest to its own spelling is meant.
  std::string meant = text;
  for (char& c : meant)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  for (const char* prefix : {"KEY_", "BTN_"})
    if (code_from_name(prefix + meant)) meant = prefix + meant;
  return {{.what = shown_argument(text) + " is no evdev code",
           .expected = "the name of a key or button such as KEY_A or BTN_LEFT",
           .written = std::move(meant),
           .names = input_code_names()}};
}

}  // namespace dkvm
