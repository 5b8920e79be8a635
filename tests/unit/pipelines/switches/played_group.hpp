#pragma once

#include "pipelines/switches/group.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dkvm::test {

inline constexpr std::uint64_t kMs = 1'000'000;

// A group whose sources a test plays: each has the lease that it was given.
class PlayedGroup {
 public:
  struct Source {
    bool up = false;
    bool grabbable = true;
    std::uint32_t prepared = 0;
    std::uint32_t asked = 0;    // epoch that it has not answered; 0: none
    std::uint32_t granted = 0;  // epoch of what it has given; 0: nothing
    std::uint64_t lease_until = 0;
    std::uint32_t heard = 0;  // the latest epoch
    bool backwards = false;   // an epoch was not above those before
    bool late = false;        // it could not be grabbed at first, and has not been yet
  };

  PlayedGroup(std::size_t members, std::size_t targets)
      : sources(members), group_(names("s", members), names("t", targets), 0, 100) {
    act();
  }

  detail::Group* operator->() { return &group_; }

  void up(std::size_t member, bool grabbable = true) {
    sources[member] = {};
    sources[member].up = true;
    sources[member].grabbable = grabbable;
    group_.member_up(member, grabbable, now);
    act();
  }
  void down(std::size_t member) {
    sources[member] = {};
    group_.member_down(member, now);
    act();
  }
  // It opens or closes the port that it is grabbed by.
  void grabbable(std::size_t member, bool can) {
    Source& source = sources[member];
    source.late = can && !source.grabbable;
    source.grabbable = can;
    if (!can) source.prepared = source.asked = source.granted = 0;
    group_.member_grabbable(member, can, now);
    act();
  }
  std::uint64_t select(std::size_t target) {
    const auto wish = group_.select(target, "asked", std::nullopt, now);
    act();
    return wish;
  }
  // With every source saying yes.
  void go(std::size_t target) {
    select(target);
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i].asked != 0) answer(i, true);
  }
  // To what it was asked, or without being asked.
  void answer(std::size_t member, bool granted, const std::string& reason = "") {
    Source& source = sources[member];
    const std::uint32_t epoch = source.asked != 0 ? source.asked : source.granted;
    source.granted = granted ? epoch : 0;
    source.asked = 0;
    source.late = false;
    group_.grabbed(member, epoch, granted, reason);
    act();
  }
  void there(std::size_t target, bool is_there) {
    group_.target_there(target, is_there, "unplugged");
    act();
  }
  // Deadlines are met to the millisecond.
  void pass(std::uint64_t ns) {
    for (const std::uint64_t end = now + ns; now < end;) {
      now = std::min(end, now + kMs);
      if (group_.due_ns() <= now) group_.tick(now);
      act();
    }
  }

  bool grabbed(std::size_t member) const { return sources[member].granted != 0; }
  std::uint32_t epoch(std::size_t member) const { return sources[member].granted; }
  std::uint32_t prepared(std::size_t member) const { return sources[member].prepared; }
  std::uint64_t lease_until(std::size_t member) const { return sources[member].lease_until; }

  void act() {
    using Kind = detail::GroupAction::Kind;
    for (const detail::GroupAction& action : group_.take()) {
      if (action.kind == Kind::open) {
        open = action.target;
        continue;
      }
      if (action.kind == Kind::changed) continue;
      Source& source = sources[action.member];
      if (!source.up) continue;
      switch (action.kind) {
        case Kind::prepare:
          hear(source, action.epoch);
          source.prepared = action.epoch;
          break;
        case Kind::grab:
          hear(source, action.epoch);
          source.asked = action.epoch;
          source.lease_until = now + detail::kLeaseNs;
          break;
        case Kind::renew:
          ++renewals;
          if (action.epoch == source.granted || action.epoch == source.asked)
            source.lease_until = now + detail::kLeaseNs;
          break;
        default:
          if (action.epoch == source.granted) source.granted = 0;
          if (action.epoch == source.asked) source.asked = 0;
      }
    }
  }

  std::vector<Source> sources;
  std::size_t open = 0;
  std::uint64_t now = 1'000'000'000;
  std::uint64_t renewals = 0;

 private:
  static std::vector<std::string> names(const std::string& prefix, std::size_t count) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(prefix + std::to_string(i));
    return all;
  }
  static void hear(Source& source, std::uint32_t epoch) {
    source.backwards = source.backwards || epoch <= source.heard;
    source.heard = epoch;
  }

  detail::Group group_;
};

}  // namespace dkvm::test
