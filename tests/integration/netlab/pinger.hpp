#pragma once

#include "tools/netlab/host.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace dkvm::test {

// Datagrams from one host to another, which sends them back.
class Pinger {
 public:
  // to: an address of the other host
  Pinger(const netlab::Host& from, const netlab::Host& at, const std::string& to);

  struct Course {
    int count = 1;
    std::chrono::microseconds every{0};
    std::size_t bytes = 64;
    std::chrono::milliseconds patience{1000};  // after the last one was sent
  };
  struct Outcome {
    std::vector<double> arrivals_ms;  // from sending to arriving there
    std::vector<double> round_trips_ms;
    int overtaken = 0;    // arrived there after a later one
    double lasted_s = 0;  // from the first sending to the last arrival there
    int arrived() const { return static_cast<int>(arrivals_ms.size()); }
  };
  Outcome ping(const Course& course);

  // One datagram came back within the time.
  bool reaches(std::chrono::milliseconds patience = std::chrono::milliseconds(200));

 private:
  Fd here_;
  Fd there_;
};

}  // namespace dkvm::test
