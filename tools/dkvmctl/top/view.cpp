#include "tools/dkvmctl/top/view.hpp"

#include "tools/dkvmctl/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace dkvm::ctl {
namespace {

constexpr char kEscape = '\x1b';

using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

// The first of them, with a last line that says how many are left out.
Lines first_of(Lines lines, std::size_t most, const char* what) {
  if (lines.size() <= most) return lines;
  if (most == 0) return {};
  const std::size_t left_out = lines.size() - (most - 1);
  lines.resize(most - 1);
  lines.push_back(fmt::format("… {} more {}", left_out, what));
  return lines;
}

std::string keys_line(SortBy by, const Style& style) {
  std::string text = "q quits, sorted by";
  for (const SortKey& each : kSortKeys) {
    const std::string name = fmt::format("{}:{}", each.key, each.name);
    text += ' ';
    text += each.by == by ? style.paint(name, Tone::title) : name;
  }
  return text;
}

}  // namespace

std::string clipped(std::string_view line, std::size_t columns) {
  std::string kept;
  std::size_t width = 0;
  bool painted = false;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at + 1;
    if (line[at] == kEscape) {
      end = std::min(line.find('m', at), line.size() - 1) + 1;
      painted = line.substr(at, end - at) != "\x1b[0m";
    } else {
      while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
      if (++width > columns) break;
    }
    kept += line.substr(at, end - at);
    at = end;
  }
  return painted ? kept + "\x1b[0m" : kept;
}

std::string top_view(const Sample& now, const Rates& rates, SortBy by, const Style& style,
                     std::size_t columns, std::size_t rows) {
  Lines shown = lines_of(kernel_lines(now, rates));
  Lines devices = lines_of(device_lines(now, rates, by, style));
  Lines edges = lines_of(edge_lines(now, rates, style));
  constexpr std::size_t kBetween = 3;  // an empty line before each table, and the keys
  const std::size_t taken = std::min(rows, shown.size() + kBetween);
  const std::size_t room = rows - taken;
  // Edges give way to devices, but for a third of the room.
  const std::size_t for_edges =
      std::min(edges.size(), std::max(room / 3, room - std::min(room, devices.size())));
  shown.emplace_back();
  for (auto& line : first_of(std::move(devices), room - for_edges, "devices"))
    shown.push_back(std::move(line));
  shown.emplace_back();
  for (auto& line : first_of(std::move(edges), for_edges, "edges"))
    shown.push_back(std::move(line));
  shown.push_back(keys_line(by, style));
  if (shown.size() > rows) shown.resize(rows);
  std::string text;
  for (const std::string& line : shown) text += clipped(line, columns) + "\n";
  return text;
}

}  // namespace dkvm::ctl
