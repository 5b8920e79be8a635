#pragma once

#include "pipelines/switches/switch.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::detail {

// All switches of a router.
class Switches {
 public:
  static constexpr std::uint64_t kNever = Group::kNever;

  Switches(std::uint64_t kernel_id, RouterHost& host, DeviceTable& devices, HeldInput& held,
           Topology& topology)
      : kernel_id_(kernel_id), host_(host), devices_(devices), held_(held), topology_(topology) {}

  // Those that are no longer wanted, or wanted with other ends, go home and end.
  void drop_changed(const std::vector<SwitchSpec>& wanted, std::uint64_t now_ns) {
    std::erase_if(switches_, [&](const std::unique_ptr<Switch>& each) {
      const auto stays = [&](const SwitchSpec& spec) { return same_ends(spec, each->spec()); };
      if (std::ranges::any_of(wanted, stays)) return false;
      each->go_home("its configuration has changed", now_ns);
      each->unwatch([&](const std::string& device) { return is_source_of_any(wanted, device); },
                    now_ns);
      epoch_ = std::max(epoch_, each->epoch());
      return true;
    });
  }
  // Makes those that are not there, and tells the others what moves their input now. A source
  // hears of none an epoch twice.
  void add_missing(std::vector<SwitchSpec> wanted, std::uint64_t now_ns) {
    for (SwitchSpec& spec : wanted) {
      if (Switch* known = find(spec.name)) {
        known->change_moves(std::move(spec));
        continue;
      }
      switches_.push_back(std::make_unique<Switch>(std::move(spec), epoch_, kernel_id_, host_,
                                                   devices_, held_, topology_));
    }
    refit(now_ns);
  }

  // Devices, ports, pipelines or geometries are others now.
  void refit(std::uint64_t now_ns) {
    for (const auto& each : switches_) each->refit(now_ns);
  }
  void go_home(const std::string& reason, std::uint64_t now_ns) {
    for (const auto& each : switches_) each->go_home(reason, now_ns);
  }

  Switch* find(std::string_view name) const {
    for (const auto& each : switches_)
      if (each->spec().name == name) return each.get();
    return nullptr;
  }
  std::vector<SwitchStatus> statuses() const {
    std::vector<SwitchStatus> all;
    for (const auto& each : switches_) all.push_back(each->status());
    return all;
  }

  std::uint64_t due_ns() const {
    std::uint64_t due = kNever;
    for (const auto& each : switches_) due = std::min(due, each->due_ns());
    return due;
  }
  void tick(std::uint64_t now_ns) {
    for (const auto& each : switches_)
      if (each->due_ns() <= now_ns) each->tick(now_ns);
  }

 private:
  static bool is_source_of_any(const std::vector<SwitchSpec>& specs, const std::string& device) {
    return std::ranges::any_of(specs, [&](const SwitchSpec& spec) {
      return std::ranges::any_of(
          spec.sources, [&](const std::string& source) { return device_of(source) == device; });
    });
  }

  const std::uint64_t kernel_id_;
  RouterHost& host_;
  DeviceTable& devices_;
  HeldInput& held_;
  Topology& topology_;
  std::vector<std::unique_ptr<Switch>> switches_;
  std::uint32_t epoch_ = 0;
};

}  // namespace dkvm::detail
