#include "devices/media/numbered_name.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace dkvm::media {
namespace {

namespace fs = std::filesystem;

// The length of a number's place at the beginning of `text`; 0: there is none.
std::size_t place_length(std::string_view text) {
  if (!text.starts_with('%')) return 0;
  const auto end = text.find_first_not_of("0123456789", 1);
  return end != text.npos && text[end] == 'd' ? end + 1 : 0;
}

}  // namespace

Result<std::optional<NumberedName>> NumberedName::parse(const std::string& path) {
  NumberedName name;
  unsigned places = 0;
  std::string_view rest = path;
  while (!rest.empty()) {
    std::string& part = places == 0 ? name.prefix : name.suffix;
    if (const std::size_t length = place_length(rest); length != 0) {
      ++places;
      rest.remove_prefix(length);
      continue;
    }
    part += rest.front();
    rest.remove_prefix(rest.starts_with("%%") ? 2 : 1);
  }
  if (places == 0) return std::nullopt;
  if (places > 1)
    return fail(Errc::invalid, "'" + path + "' has " + std::to_string(places) +
                                   " places for a number, expected one such as %06d");
  if (name.suffix.find('/') != std::string::npos)
    return fail(Errc::invalid,
                "'" + path + "' has its number in a folder's name, expected it in the file's");
  return name;
}

std::uint64_t NumberedName::next() const {
  const fs::path path = prefix;
  const std::string begin = path.filename();
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::uint64_t last = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.size() <= begin.size() + suffix.size()) continue;
    if (!name.starts_with(begin) || !name.ends_with(suffix)) continue;
    const char* const digits = name.data() + begin.size();
    const char* const digits_end = name.data() + name.size() - suffix.size();
    std::uint64_t number = 0;
    const auto [stopped, wrong] = std::from_chars(digits, digits_end, number);
    if (wrong == std::errc{} && stopped == digits_end) last = std::max(last, number);
  }
  return last + 1;
}

}  // namespace dkvm::media
