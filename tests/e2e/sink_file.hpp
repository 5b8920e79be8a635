#pragma once

#include <cstddef>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace dkvm::test {

// What a sink has written, read from outside while it grows.
class SinkFile {
 public:
  struct Change {
    std::string code;
    bool down;
    bool operator==(const Change&) const = default;
  };

  explicit SinkFile(std::string path) : path_(std::move(path)) {}

  // The codes that are down at this moment.
  const std::set<std::string>& down();
  bool has(const std::set<std::string>& codes) { return down() == codes; }

  // Every down and up of a code so far, or since mark().
  const std::vector<Change>& changes();
  void mark();
  std::size_t count(const std::string& code, bool down);

 private:
  void read_more();
  void take(const std::string& line);

  std::string path_;
  std::ifstream file_;
  std::string rest_;
  std::set<std::string> down_;
  std::vector<Change> changes_;
};

}  // namespace dkvm::test
