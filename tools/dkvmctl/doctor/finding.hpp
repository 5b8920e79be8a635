#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dkvm::ctl {

enum class Level {
  fine,
  warning,  // it runs, but something may be missed
  error,    // something of it does not run
};

// One thing that was looked at.
struct Finding {
  Level level = Level::fine;
  std::string area;  // displays, ports, …: stable, for programs
  std::string what;  // a line
  std::string todo;  // a line; none where all is well
};

class Findings {
 public:
  void fine(std::string area, std::string what) {
    add({Level::fine, std::move(area), std::move(what), {}});
  }
  void warn(std::string area, std::string what, std::string todo) {
    add({Level::warning, std::move(area), std::move(what), std::move(todo)});
  }
  void error(std::string area, std::string what, std::string todo) {
    add({Level::error, std::move(area), std::move(what), std::move(todo)});
  }
  void add(Finding finding) { all_.push_back(std::move(finding)); }

  const std::vector<Finding>& all() const { return all_; }
  std::size_t count(Level level) const {
    std::size_t found = 0;
    for (const Finding& each : all_) found += each.level == level ? 1 : 0;
    return found;
  }

 private:
  std::vector<Finding> all_;
};

}  // namespace dkvm::ctl
