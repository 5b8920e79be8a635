#pragma once

#include "tests/e2e/desk.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::test {

// A real Prometheus with a folder and a port of its own, which scrapes these ports of this
// machine once a second. Gone when the test is.
class Prometheus {
 public:
  explicit Prometheus(const std::vector<std::uint16_t>& targets);

  // The series that a query gives; none for a query that is refused too: see error().
  Json query(const std::string& promql);
  // Waits until it gives some.
  bool gives(const std::string& promql);
  const std::string& error() const { return error_; }
  Json get(const std::string& target);
  std::string log() const { return read_text(directory_ / "log"); }

 private:
  TempDir directory_;
  std::uint16_t port_;
  std::unique_ptr<Child> process_;
  std::string error_;
};

}  // namespace dkvm::test
