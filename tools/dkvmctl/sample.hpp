#pragma once

#include "tools/dkvmctl/ctl.hpp"

#include <chrono>
#include <map>
#include <string>

namespace dkvm::ctl {

// What a kernel tells of itself at one moment.
struct Sample {
  std::chrono::steady_clock::time_point at{};
  Json kernel;    // kernel.info
  Json devices;   // devices.list
  Json edges;     // pipelines.edges: those of all pipelines
  Json switches;  // pipelines.switches; null where it may not be seen
};

Called<Sample> take_sample(Ctl& ctl);

// What went on between two samples. Things that are new, or that were restarted between
// them, count from 0.
// Life: the samples outlive it
class Rates {
 public:
  Rates(const Sample& before, const Sample& now);

  // Of one processor: 0.25 is a quarter.
  double cpu(const Json& device) const;
  double kernel_cpu() const;
  // Of an edge's counter, a second.
  double of_edge(const Json& edge, const char* counter) const;
  double events() const;  // that devices sent, a second

  // Events that edges delivered from and to a device, and did not deliver to it, a second.
  struct Traffic {
    double sent = 0;
    double got = 0;
    double dropped = 0;
    double latency_us = 0;  // the worst p99 of the edges to it, all the way from capture
  };
  const Traffic& of_device(const std::string& name) const;

 private:
  double per_second(std::uint64_t now, std::uint64_t before) const;

  double seconds_;
  const Sample& before_;
  const Sample& now_;
  std::map<std::string, const Json*> devices_;
  std::map<std::uint64_t, const Json*> edges_;
  std::map<std::string, Traffic> traffic_;
};

// The device of an address: `keyboard` of `keyboard/keyboard`.
std::string device_of(const std::string& address);

}  // namespace dkvm::ctl
