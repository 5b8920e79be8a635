#pragma once

#include "tools/dkvmctl/style.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace dkvm::ctl {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

struct Cell {
  Cell(std::string content, Tone look = Tone::plain) : text(std::move(content)), tone(look) {}
  Cell(const char* content) : text(content) {}
  std::string text;
  Tone tone = Tone::plain;
};

// Rows in aligned columns, two spaces apart. Columns with nothing in any row
// are left out, and so is the line of titles when there is no title.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Shape: one cell for each column. Texts are made printable here.
  void row(std::vector<Cell> cells);

  bool empty() const { return rows_.empty(); }

  // Every line with its newline, without spaces at its end.
  std::string render(const Style& style) const;

 private:
  std::vector<std::size_t> widths() const;
  std::string line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                   const Style& style) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace dkvm::ctl
