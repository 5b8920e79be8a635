#include "pipelines/switches/group.hpp"

#include "pipelines/expect.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::detail {

using Kind = GroupAction::Kind;

Group::Group(std::vector<std::string> members, std::vector<std::string> targets, std::size_t home,
             std::uint32_t epoch)
    : home_(home), at_(home), wanted_(home), epoch_(epoch) {
  expect(home < targets.size(), "home is one of the targets");
  for (std::string& name : members) members_.emplace_back().name = std::move(name);
  for (std::string& name : targets) targets_.emplace_back().name = std::move(name);
  add({.kind = Kind::open, .target = home_});
  add({.kind = Kind::changed});
}

// --- members ---------------------------------------------------------------------

void Group::member_up(std::size_t number, bool grabbable, std::uint64_t now_ns) {
  Member& member = members_[number];
  expect(!member.up, "a member comes after it has gone");
  member.up = true;
  member.grabbable = false;
  member.due_ns = kNever;
  member.mute = grabbable;
  if (grabbable) member_grabbable(number, true, now_ns);
}

void Group::member_grabbable(std::size_t number, bool grabbable, std::uint64_t now_ns) {
  Member& member = members_[number];
  if (!member.up || std::exchange(member.grabbable, grabbable) == grabbable) return;
  if (grabbable) {
    prepare(member);
    if (abroad() || asking()) ask(member, now_ns);
    return;
  }
  const bool held = member.state != Grip::none;
  member.state = Grip::none;
  member.prepared = 0;
  member.due_ns = kNever;
  member.mute = false;
  if (held)
    trouble(Errc::disconnected, fmt::format("source {} cannot be grabbed any more", member.name));
}

void Group::member_down(std::size_t number, std::uint64_t now_ns) {
  Member& member = members_[number];
  if (!member.up) return;
  const bool held = member.state != Grip::none;
  member.up = false;
  member.state = Grip::none;
  member.prepared = 0;
  member.due_ns = kNever;
  if (abroad()) {
    member.due_ns = now_ns + kReturnNs;
  } else if (asking() && held) {
    give_up(Errc::disconnected, fmt::format("source {} has gone", member.name));
  }
}

void Group::ask(Member& member, std::uint64_t now_ns) {
  member.state = Grip::asked;
  member.epoch = ++epoch_;
  member.due_ns = now_ns + kAnswerNs;
  renew_ns_ = std::min(renew_ns_, now_ns + kRenewNs);
  add({.kind = Kind::grab, .member = number_of(member), .epoch = member.epoch});
}

std::string Group::grabbed(std::size_t number, std::uint32_t epoch, bool granted,
                           const std::string& reason) {
  Member& member = members_[number];
  if (!member.up) return {};
  if (epoch == member.prepared && epoch != 0) {
    if (reason.empty() && granted) return {};
    return fmt::format("source {} does not watch everything at home: {}", member.name, reason);
  }
  if (member.state == Grip::none || epoch != member.epoch) return {};  // over already
  if (granted) {
    if (member.state == Grip::granted) return {};
    member.state = Grip::granted;
    member.due_ns = kNever;
    member.mute = false;
    if (asking())
      flip_when_granted();
    else
      add({.kind = Kind::join, .member = number, .target = at_});
    return {};
  }
  const bool refused = member.state == Grip::asked;
  member.state = Grip::none;  // by its own word: nothing to release
  member.due_ns = kNever;
  trouble(Errc::denied,
          fmt::format("source {} {}: {}", member.name, refused ? "refused" : "took its input back",
                      reason.empty() ? "it said no more" : reason));
  return {};
}

void Group::prepare() {
  for (Member& member : members_)
    if (member.up && member.grabbable) prepare(member);
}

void Group::prepare(Member& member) {
  member.prepared = ++epoch_;
  add({.kind = Kind::prepare, .member = number_of(member), .epoch = member.prepared});
}

std::vector<Group::Unwatch> Group::unwatch() {
  std::vector<Unwatch> told;
  for (Member& member : members_)
    if (std::exchange(member.prepared, 0) != 0) told.push_back({number_of(member), ++epoch_});
  return told;
}

bool Group::flows(std::size_t number) const {
  const Member& member = members_[number];
  return member.up && !(abroad() && member.mute);
}

// --- targets ---------------------------------------------------------------------

void Group::target_there(std::size_t number, bool there, const std::string& why) {
  Target& target = targets_[number];
  target.why = why;
  if (std::exchange(target.there, there) == there) return;
  add({.kind = Kind::changed});
  if (there || number == home_) return;
  const std::string reason = fmt::format("{} is gone: {}", target.name, why);
  if (at_ == number) {
    go_home(reason);
  } else if (asking() && wanted_ == number) {
    give_up(Errc::disconnected, reason);
  }
}

std::optional<SwitchOutcome> Group::refusal(std::size_t number) const {
  if (number == at_ || number == home_) return std::nullopt;
  const Target& target = targets_[number];
  if (!target.there)
    return SwitchOutcome{false, Errc::disconnected,
                         fmt::format("{} is not there: {}", target.name, target.why)};
  if (!abroad() && std::ranges::none_of(members_, &Member::up))
    return SwitchOutcome{false, Errc::disconnected, "none of its sources is there"};
  return std::nullopt;
}

std::uint64_t Group::select(std::size_t number, std::string reason, std::optional<Point> at,
                            std::uint64_t now_ns) {
  const std::uint64_t wish = ++wishes_;
  if (auto refused = refusal(number)) {
    decide(wish, std::move(*refused));
    return wish;
  }
  if (undecided_ != 0)
    decide({false, Errc::denied, "somebody wanted the input elsewhere meanwhile"});
  undecided_ = wish;
  if (number == at_ && !asking()) {
    decide({true, {}, {}});
  } else if (number == at_) {
    // Home, before the sources have answered.
    release_all(std::nullopt);
    wanted_ = at_;
    decide({true, {}, {}});
    add({.kind = Kind::changed});
  } else if (number == home_) {
    release_all(at);
    flip(home_, std::move(reason), at);
  } else if (abroad()) {
    flip(number, std::move(reason), at);
  } else {
    const bool asked = asking();
    wanted_ = number;
    wanted_reason_ = std::move(reason);
    wanted_at_ = at;
    if (!asked)
      for (Member& member : members_)
        if (member.up && member.grabbable) ask(member, now_ns);
    add({.kind = Kind::changed});
    flip_when_granted();
  }
  return wish;
}

void Group::flip_when_granted() {
  if (std::ranges::any_of(members_,
                          [](const Member& member) { return member.state == Grip::asked; }))
    return;
  flip(wanted_, std::move(wanted_reason_), wanted_at_);
}

void Group::flip(std::size_t target, std::string reason, std::optional<Point> at) {
  at_ = wanted_ = target;
  reason_ = std::move(reason);
  locked_ = false;
  add({.kind = Kind::open, .target = target, .at = at});
  add({.kind = Kind::changed});
  if (undecided_ != 0) decide({true, {}, {}});
}

void Group::release_all(std::optional<Point> at) {
  for (Member& member : members_) {
    member.due_ns = kNever;
    if (member.state == Grip::none) continue;
    member.state = Grip::none;
    add({.kind = Kind::release, .member = number_of(member), .epoch = member.epoch, .at = at});
  }
  renew_ns_ = kNever;
}

void Group::go_home(const std::string& reason, std::optional<Point> at) {
  if (asking()) give_up(Errc::denied, reason);
  if (!abroad()) return;
  release_all(at);
  flip(home_, reason, at);
}

// One source has said no, or nothing: nobody is asked any more.
void Group::give_up(Errc code, const std::string& why) {
  release_all(std::nullopt);
  wanted_ = at_;
  reason_ = why;
  if (undecided_ != 0) decide({false, code, why});
  add({.kind = Kind::changed});
}

void Group::trouble(Errc code, const std::string& why) {
  if (asking()) return give_up(code, why);
  go_home(why);
}

void Group::set_lock(bool locked, std::string reason) {
  if (locked_ == locked) return;
  locked_ = locked;
  reason_ = std::move(reason);
  add({.kind = Kind::changed});
}

// --- time -----------------------------------------------------------------------

std::uint64_t Group::due_ns() const {
  std::uint64_t due = renew_ns_;
  for (const Member& member : members_) due = std::min(due, member.due_ns);
  return due;
}

void Group::tick(std::uint64_t now_ns) {
  for (Member& member : members_) {
    if (now_ns < member.due_ns) continue;
    const bool away = !member.up;
    const std::string why = away ? fmt::format("source {} did not come back", member.name)
                                 : fmt::format("source {} did not answer", member.name);
    return trouble(away ? Errc::disconnected : Errc::timeout, why);
  }
  if (now_ns < renew_ns_) return;
  renew_ns_ = now_ns + kRenewNs;
  for (const Member& member : members_)
    if (member.state != Grip::none)
      add({.kind = Kind::renew, .member = number_of(member), .epoch = member.epoch});
}

// --- wishes ---------------------------------------------------------------------

void Group::decide(SwitchOutcome outcome) {
  expect(undecided_ != 0, "a wish is decided once");
  decide(std::exchange(undecided_, 0), std::move(outcome));
}

void Group::decide(std::uint64_t wish, SwitchOutcome outcome) {
  outcomes_.emplace_back(wish, std::move(outcome));
  if (outcomes_.size() > kOutcomesMax) outcomes_.pop_front();
}

std::optional<SwitchOutcome> Group::outcome(std::uint64_t number) const {
  if (number == undecided_ || number > wishes_) return std::nullopt;
  const auto decided =
      std::ranges::find(outcomes_, number, [](const auto& each) { return each.first; });
  if (decided == outcomes_.end()) return SwitchOutcome{false, Errc::denied, "it was long ago"};
  return decided->second;
}

}  // namespace dkvm::detail
