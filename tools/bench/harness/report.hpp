#pragma once

#include "tools/bench/harness/statistics.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a scenario found out: tables of rows, and the goals that it was held to.
namespace dkvm::bench {

struct Column {
  std::string key;      // as programs read it; the unit last: p50_us
  std::string heading;  // as people read it
  int decimals = 1;
};

struct Row {
  std::string name;
  std::map<std::string, Series> values;  // by Column::key
  std::string note;                      // why there are no values: "not installed"

  void add(const std::string& key, double value) { values[key].add(value); }
  bool has(const std::string& key) const;
  // Empty when there are no values.
  const Series& at(const std::string& key) const;
};

struct Table {
  std::string title;
  std::vector<Column> columns;
  std::vector<Row> rows;

  // Life: valid until rows is changed.
  Row& row(std::string_view name);
};

enum class Bound { at_most, at_least };

struct Goal {
  std::string name;  // p50_to_raw
  std::string text;  // what is compared, in words
  Bound bound = Bound::at_most;
  double limit = 0;
  std::string unit;    // "x" for ratios
  Series measured;     // judged by its median
  std::string reason;  // why nothing was measured

  bool met() const;
  std::string verdict() const;  // one line, figures included
};

// A goal about a ratio of two rows' values, judged by the median over rounds.
Goal ratio_goal(std::string name, std::string text, Bound bound, double limit, const Row& ours,
                const Row& peer, const std::string& key);

struct Report {
  std::string scenario;
  std::vector<Table> tables;
  std::vector<Goal> goals;
  std::vector<std::string> notes;

  std::vector<const Goal*> missed() const;
};

std::string to_text(const Report& report);
std::string to_json(const Report& report);

}  // namespace dkvm::bench
