#include "kernel/log/lines.hpp"

#include <algorithm>

namespace dkvm {
namespace {

constexpr std::size_t kIdleLineBytesMax = 1024;  // kept allocated between lines

// Takes `<N>` off the front of a line.
RecordLevel take_level(std::string_view& line) {
  if (line.size() < 3 || line[0] != '<' || line[2] != '>' || line[1] < '0' || line[1] > '7')
    return RecordLevel::info;
  const auto level = static_cast<RecordLevel>(line[1] - '0');
  line.remove_prefix(3);
  return level;
}

}  // namespace

void LineSplitter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    append(bytes.substr(0, end));
    if (end == bytes.size()) return;
    emit();
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish() {
  if (!line_.empty() || cut_of_line_ != 0) emit();
}

void LineSplitter::append(std::string_view part) {
  const std::size_t room = line_bytes_max_ - line_.size();
  const std::size_t taken = std::min(room, part.size());
  line_.append(part.substr(0, taken));
  cut_of_line_ += part.size() - taken;
}

void LineSplitter::emit() {
  if (cut_of_line_ != 0) {
    line_ += " [" + std::to_string(cut_of_line_) + " bytes cut]";
    cut_bytes_ += cut_of_line_;
    cut_of_line_ = 0;
  }
  std::string_view line = line_;
  const RecordLevel level = take_level(line);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.empty()) sink_(level, line);
  line_.clear();
  if (line_.capacity() > kIdleLineBytesMax) std::string().swap(line_);
}

}  // namespace dkvm
