#include "tools/bench/harness/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace dkvm::bench {
namespace {

// Characters, where each takes one column: µ is two bytes.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cell(const Row& row, const Column& column) {
  const Series& series = row.at(column.key);
  return series.empty() ? "-" : fmt::format("{:.{}f}", series.median(), column.decimals);
}

std::string to_text(const Table& table) {
  std::size_t name_width = columns_of(table.title);
  for (const Row& row : table.rows) name_width = std::max(name_width, columns_of(row.name));
  std::string text = fmt::format("{:<{}}", table.title, name_width);
  std::vector<std::size_t> widths;
  for (const Column& column : table.columns) {
    std::size_t width = columns_of(column.heading);
    for (const Row& row : table.rows) width = std::max(width, columns_of(cell(row, column)));
    widths.push_back(width);
    text += fmt::format("  {:>{}}", column.heading, width);
  }
  text += '\n';
  for (const Row& row : table.rows) {
    text += fmt::format("{:<{}}", row.name, name_width);
    if (row.values.empty()) {
      text += fmt::format("  {}\n", row.note);
      continue;
    }
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      text += fmt::format("  {:>{}}", cell(row, table.columns[i]), widths[i]);
    if (!row.note.empty()) text += "  " + row.note;
    text += '\n';
  }
  return text;
}

nlohmann::json to_json(const Series& series) {
  return {{"median", series.median()},
          {"low", series.low()},
          {"high", series.high()},
          {"rounds", series.rounds()}};
}

nlohmann::json to_json(const Table& table) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Row& row : table.rows) {
    nlohmann::json values = nlohmann::json::object();
    for (const Column& column : table.columns)
      if (row.has(column.key)) values[column.key] = to_json(row.at(column.key));
    nlohmann::json entry = {{"name", row.name}, {"values", std::move(values)}};
    if (!row.note.empty()) entry["note"] = row.note;
    rows.push_back(std::move(entry));
  }
  return {{"title", table.title}, {"rows", std::move(rows)}};
}

nlohmann::json to_json(const Goal& goal) {
  nlohmann::json json = {{"name", goal.name},
                         {"text", goal.text},
                         {"bound", goal.bound == Bound::at_most ? "at_most" : "at_least"},
                         {"limit", goal.limit},
                         {"unit", goal.unit},
                         {"met", goal.met()}};
  if (goal.measured.empty())
    json["reason"] = goal.reason;
  else
    json["measured"] = to_json(goal.measured);
  return json;
}

}  // namespace

bool Row::has(const std::string& key) const { return values.contains(key); }

const Series& Row::at(const std::string& key) const {
  static const Series none;
  const auto found = values.find(key);
  return found == values.end() ? none : found->second;
}

Row& Table::row(std::string_view name) {
  const auto found = std::ranges::find(rows, name, &Row::name);
  if (found != rows.end()) return *found;
  return rows.emplace_back(Row{std::string(name), {}, {}});
}

bool Goal::met() const {
  if (measured.empty()) return false;
  return bound == Bound::at_most ? measured.median() <= limit : measured.median() >= limit;
}

std::string Goal::verdict() const {
  const std::string wanted = fmt::format(
      "{}: {} {:g} {}", text, bound == Bound::at_most ? "at most" : "at least", limit, unit);
  if (measured.empty()) return fmt::format("missed  {}: {}", wanted, reason);
  std::string line = fmt::format("{}  {}: {:.4g} {}", met() ? "met   " : "missed", wanted,
                                 measured.median(), unit);
  if (measured.rounds().size() > 1)
    line += fmt::format(" ({:.4g} to {:.4g})", measured.low(), measured.high());
  return line;
}

Goal ratio_goal(std::string name, std::string text, Bound bound, double limit, const Row& ours,
                const Row& peer, const std::string& key) {
  Goal goal{std::move(name), std::move(text), bound, limit, "x", {}, {}};
  goal.measured = ratio(ours.at(key), peer.at(key));
  if (goal.measured.empty()) {
    const Row& lacking = ours.has(key) ? peer : ours;
    goal.reason = fmt::format("{} was not measured{}{}", lacking.name,
                              lacking.note.empty() ? "" : ": ", lacking.note);
  }
  return goal;
}

std::vector<const Goal*> Report::missed() const {
  std::vector<const Goal*> goals_missed;
  for (const Goal& goal : goals)
    if (!goal.met()) goals_missed.push_back(&goal);
  return goals_missed;
}

std::string to_text(const Report& report) {
  std::string text;
  for (const Table& table : report.tables) text += to_text(table) + "\n";
  for (const Goal& goal : report.goals) text += goal.verdict() + "\n";
  for (const std::string& note : report.notes) text += note + "\n";
  return text;
}

std::string to_json(const Report& report) {
  nlohmann::json tables = nlohmann::json::array();
  for (const Table& table : report.tables) tables.push_back(to_json(table));
  nlohmann::json goals = nlohmann::json::array();
  for (const Goal& goal : report.goals) goals.push_back(to_json(goal));
  return nlohmann::json{{"scenario", report.scenario},
                        {"tables", std::move(tables)},
                        {"goals", std::move(goals)},
                        {"notes", report.notes},
                        {"met", report.missed().empty()}}
             .dump(2) +
         "\n";
}

}  // namespace dkvm::bench
