#include "tools/dkvmctl/sample.hpp"

#include <algorithm>

namespace dkvm::ctl {
namespace {

constexpr double kSecondsMin = 0.001;  // two samples in one breath have no rates

bool same_process(const Json& one, const Json& other) {
  return count_of(one, "pid") == count_of(other, "pid");
}

}  // namespace

std::string device_of(const std::string& address) { return address.substr(0, address.find('/')); }

Rates::Rates(const Sample& before, const Sample& now)
    : seconds_(std::chrono::duration<double>(now.at - before.at).count()),
      before_(before),
      now_(now) {
  for (const Json& device : before.devices) devices_[text_of(device, "name")] = &device;
  for (const Json& edge : before.edges) edges_[count_of(edge, "id")] = &edge;
  for (const Json& edge : now.edges) {
    const double delivered = of_edge(edge, "delivered");
    traffic_[device_of(text_of(edge, "from"))].sent += delivered;
    Traffic& sink = traffic_[device_of(text_of(edge, "to"))];
    sink.got += delivered;
    sink.dropped += of_edge(edge, "dropped");
    const Json& whole = field(field(edge, "latency"), "whole");
    sink.latency_us = std::max(sink.latency_us, number_of(whole, "p99_us"));
  }
}

double Rates::per_second(std::uint64_t now, std::uint64_t before) const {
  if (seconds_ < kSecondsMin) return 0;
  return static_cast<double>(now >= before ? now - before : now) / seconds_;
}

double Rates::of_edge(const Json& edge, const char* counter) const {
  const auto known = edges_.find(count_of(edge, "id"));
  const std::uint64_t before = known == edges_.end() ? 0 : count_of(*known->second, counter);
  return per_second(count_of(edge, counter), before);
}

double Rates::cpu(const Json& device) const {
  if (seconds_ < kSecondsMin) return 0;
  const auto known = devices_.find(text_of(device, "name"));
  const bool same = known != devices_.end() && same_process(*known->second, device);
  const double before = same ? number_of(*known->second, "cpu_s") : 0;
  return std::max(0.0, number_of(device, "cpu_s") - before) / seconds_;
}

double Rates::kernel_cpu() const {
  if (seconds_ < kSecondsMin) return 0;
  const double before = number_of(before_.kernel, "cpu_s");
  return std::max(0.0, number_of(now_.kernel, "cpu_s") - before) / seconds_;
}

double Rates::events() const {
  return per_second(count_of(field(now_.kernel, "events"), "published"),
                    count_of(field(before_.kernel, "events"), "published"));
}

const Rates::Traffic& Rates::of_device(const std::string& name) const {
  static const Traffic kNone;
  const auto found = traffic_.find(name);
  return found == traffic_.end() ? kNone : found->second;
}

}  // namespace dkvm::ctl
