#include "tools/dkvmctl/table.hpp"

#include "tools/dkvmctl/format.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace dkvm::ctl {

void Table::row(std::vector<Cell> cells) {
  if (cells.size() != columns_.size()) std::abort();  // a defect of the caller
  for (Cell& cell : cells) cell.text = printable(cell.text);
  rows_.push_back(std::move(cells));
}

// 0: a column with nothing in it.
std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& cells : rows_)
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], width_of(cells[i].text));
  for (std::size_t i = 0; i < widths.size(); ++i)
    if (widths[i] != 0) widths[i] = std::max(widths[i], width_of(columns_[i].title));
  return widths;
}

std::string Table::line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                        const Style& style) const {
  std::string out;
  std::size_t owed = 0;  // spaces that only matter if something follows
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::size_t padding = widths[i] - width_of(cells[i].text);
    const bool right = columns_[i].align == Align::right;
    if (right) owed += padding;
    if (!cells[i].text.empty()) {
      out.append(std::exchange(owed, 0), ' ');
      out += style.paint(cells[i].text, cells[i].tone);
    }
    if (!right) owed += padding;
    owed += 2;
  }
  return out + "\n";
}

std::string Table::render(const Style& style) const {
  const auto all_widths = widths();
  std::string out;
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, Tone::title);
  const bool titled = std::any_of(columns_.begin(), columns_.end(),
                                  [](const Column& column) { return !column.title.empty(); });
  if (titled) out += line(titles, all_widths, style);
  for (const auto& cells : rows_) out += line(cells, all_widths, style);
  return out;
}

}  // namespace dkvm::ctl
