#include "devices/dummy/jsonl.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// A file of recorded events from a stranger. What is parsed can be written, and
// what was written once is written the same for ever.
namespace {

void require(bool true_by_contract) {
  if (!true_by_contract) std::abort();
}

void play_line(std::string_view line) {
  const auto record = dkvm::dummy::parse_line(line);
  if (!record) {
    require(!record.error().message().empty());
    return;
  }
  std::string once;
  require(dkvm::dummy::append_line(once, *record).has_value());
  require(once.size() <= dkvm::dummy::kLineBytesMax + 1);
  const auto again = dkvm::dummy::parse_line(std::string_view(once).substr(0, once.size() - 1));
  require(again.has_value());
  std::string twice;
  require(dkvm::dummy::append_line(twice, *again).has_value());
  require(once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    play_line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return 0;
}
