#include "pipelines/switches/switch.hpp"

#include "pipelines/expect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dkvm::detail {
namespace {

std::vector<std::string> devices_of(const SwitchSpec& spec) {
  std::vector<std::string> names;
  for (const std::string& address : spec.sources) {
    const std::string name(device_of(address));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<std::string> target_names(const SwitchSpec& spec) {
  std::vector<std::string> names;
  for (const SwitchTarget& target : spec.targets) names.push_back(target.name);
  return names;
}

std::vector<std::vector<std::uint16_t>> chords_of(const SwitchSpec& spec) {
  std::vector<std::vector<std::uint16_t>> chords;
  for (const Hotkey& hotkey : spec.hotkeys) chords.push_back(hotkey.codes);
  return chords;
}

std::size_t home_of(const SwitchSpec& spec) {
  const auto home = std::ranges::find(spec.targets, spec.home, &SwitchTarget::name);
  expect(home != spec.targets.end(), "home is one of the targets");
  return static_cast<std::size_t>(home - spec.targets.begin());
}

// Whether a port of this device is among the sources.
bool is_source(const SwitchSpec& spec, std::string_view device, std::string_view port) {
  return std::ranges::any_of(spec.sources, [&](const std::string& text) {
    const auto address = parse_port_address(text);
    return address && address->device == device && (address->port.empty() || address->port == port);
  });
}

bool answers_grab(const SourcePort& port) {
  return !port.info.topics.open() && port.info.topics.contains(id_of(wire::Topic::grabbed));
}

}  // namespace

Switch::Switch(SwitchSpec spec, std::uint32_t epoch, std::uint64_t kernel_id, RouterHost& host,
               DeviceTable& devices, HeldInput& held, Topology& topology)
    : spec_(std::move(spec)),
      kernel_id_(kernel_id),
      host_(host),
      devices_(devices),
      held_(held),
      topology_(topology),
      layout_(spec_),
      chords_(chords_of(spec_)),
      group_(devices_of(spec_), target_names(spec_), home_of(spec_), epoch) {
  for (std::string& name : devices_of(spec_)) {
    Member member;
    member.name = std::move(name);
    members_.push_back(std::move(member));
  }
  for (const SwitchTarget& target : spec_.targets)
    targets_.push_back({target.to.empty() ? std::string() : pipeline_name(spec_, target)});
}

Switch::~Switch() {
  devices_.each([this](Device& device) {
    for (const auto& port : device.sources)
      for (const auto& place : places_)
        if (port->watch == place.get()) port->watch = nullptr;
  });
}

SwitchStatus Switch::status() const {
  SwitchStatus status;
  status.name = spec_.name;
  status.target = spec_.targets[group_.at()].name;
  status.wanted = spec_.targets[group_.wanted()].name;
  status.home = spec_.home;
  status.locked = group_.locked();
  status.reason = group_.reason();
  status.sources = spec_.sources;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    using enum SwitchStatus::Target::State;
    status.targets.push_back({spec_.targets[i].name, spec_.targets[i].to,
                              i == group_.home() ? home
                              : group_.there(i)  ? ready
                                                 : away});
  }
  return status;
}

std::optional<std::size_t> Switch::target_named(std::string_view name) const {
  for (std::size_t i = 0; i < spec_.targets.size(); ++i)
    if (spec_.targets[i].name == name) return i;
  return std::nullopt;
}

// The keys that are down stay known, and so does what was withheld of them.
void Switch::change_moves(SwitchSpec spec) {
  if (spec == spec_) return;
  expect(same_ends(spec, spec_), "the ends of a switch stay as they are");
  spec_ = std::move(spec);
  layout_ = Layout(spec_);
  chords_.replace(chords_of(spec_));
  chord_.reset();
  crossing_.reset();
  group_.prepare();
}

// --- who is there ----------------------------------------------------------------

void Switch::refit(std::uint64_t now_ns) {
  for (std::size_t i = 0; i < targets_.size(); ++i) refit_target(i, now_ns);
  prepare_when_due(now_ns);
  for (std::size_t i = 0; i < members_.size(); ++i) refit_member(i, now_ns);
  act(now_ns);
}

void Switch::refit_member(std::size_t number, std::uint64_t now_ns) {
  Member& member = members_[number];
  Device* device = nullptr;
  devices_.each([&](Device& each) {
    if (each.up && each.name == member.name) device = &each;
  });
  const std::uint32_t incarnation = device == nullptr ? 0 : device->incarnation;
  if (member.incarnation != 0 && member.incarnation != incarnation) {
    forget_places(number, nullptr);
    member.incarnation = 0;
    member.grabs.reset();
    group_.member_down(number, now_ns);
  }
  if (device == nullptr) return;
  member.device = device->id;
  refit_places(number, *device);
  if (member.incarnation != 0)
    return group_.member_grabbable(number, member.grabs.has_value(), now_ns);
  member.incarnation = incarnation;
  group_.member_up(number, member.grabs.has_value(), now_ns);
}

// Those of ports that are closed: all without a device.
void Switch::forget_places(std::size_t member, const Device* device) {
  std::erase_if(places_, [&](const std::unique_ptr<Place>& place) {
    if (place->member != member) return false;
    const bool open =
        device != nullptr && std::ranges::any_of(device->sources, [&](const auto& port) {
          return port->watch == place.get();
        });
    if (!open) chords_.lost(place->number);
    return !open;
  });
}

// Numbers are given again, so that there are as many as open ports.
std::size_t Switch::free_number() const {
  std::size_t number = 0;
  while (std::ranges::any_of(places_, [&](const auto& each) { return each->number == number; }))
    ++number;
  return number;
}

// Ports that are no sources are watched too where the device speaks of its grabs there.
void Switch::refit_places(std::size_t number, Device& device) {
  forget_places(number, &device);
  Member& member = members_[number];
  member.grabs.reset();
  for (const auto& port : device.sources) {
    const bool grabs = !member.grabs && answers_grab(*port);
    if (grabs) member.grabs = port->ref();
    if (!grabs && !is_source(spec_, device.name, port->info.name)) continue;
    if (port->watch != nullptr) continue;
    auto place = std::make_unique<Place>();
    place->owner = this;
    place->member = number;
    place->number = free_number();
    port->watch = place.get();
    places_.push_back(std::move(place));
  }
}

// --- what the group wants ----------------------------------------------------------

Result<std::uint64_t> Switch::select(const SwitchWish& wish, std::uint64_t now_ns) {
  const auto target = target_named(wish.target);
  if (!target)
    return fail(Errc::not_found,
                fmt::format("switch '{}' has no target '{}'", spec_.name, wish.target));
  const bool there = group_.at() == *target;
  const std::uint64_t number = wish_for(*target, wish.reason, {.lock = wish.lock}, now_ns);
  if (there && wish.lock) group_.set_lock(*wish.lock, *wish.lock ? "locked" : "unlocked");
  act(now_ns);
  return number;
}

// One that is refused leaves alone what another has under way.
std::uint64_t Switch::wish_for(std::size_t target, std::string reason, const Wish& wish,
                               std::uint64_t now_ns) {
  if (!group_.refusal(target)) {
    chord_ = wish.chord;
    lock_ = wish.lock;
    crossing_.reset();
  }
  return group_.select(target, std::move(reason), wish.enter, now_ns);
}

void Switch::go_home(const std::string& reason, std::uint64_t now_ns) {
  group_.go_home(reason);
  act(now_ns);
}

void Switch::unwatch(const std::function<bool(const std::string& device)>& others,
                     std::uint64_t now_ns) {
  for (std::size_t i = 0; i < members_.size(); ++i) note_held(i, false);
  for (const Group::Unwatch& each : group_.unwatch()) {
    if (others(members_[each.member].name)) continue;
    Grab nothing;
    nothing.epoch = each.epoch;
    nothing.action = wire::GrabAction::prepare;
    send(nothing, each.member, now_ns);
  }
}

std::uint64_t Switch::due_ns() const {
  std::uint64_t due = std::min(group_.due_ns(), stall_due_ns());
  if (prepare_due_) due = std::min(due, prepare_ns_);
  return crossing_ ? std::min(crossing_->due_ns, due) : due;
}

void Switch::tick(std::uint64_t now_ns) {
  if (crossing_ && now_ns >= crossing_->due_ns) cross(now_ns);
  if (now_ns >= stall_due_ns())
    for (std::size_t i = 0; i < targets_.size(); ++i) refit_target(i, now_ns);
  group_.tick(now_ns);
  act(now_ns);
}

void Switch::cross(std::uint64_t now_ns) {
  const Crossing crossing = *std::exchange(crossing_, std::nullopt);
  if (!may_leave_by_border(crossing.target)) return;
  wish_for(crossing.target, "edge", {.enter = crossing.enter}, now_ns);
}

void Switch::prepare_when_due(std::uint64_t now_ns) {
  if (!prepare_due_ || now_ns < prepare_ns_) return;
  prepare_due_ = false;
  prepare_ns_ = now_ns + kPrepareNsMin;
  watched_desktop_ = targets_[group_.home()].desktop;
  group_.prepare();
}

void Switch::act(std::uint64_t now_ns) {
  prepare_when_due(now_ns);
  for (auto actions = group_.take(); !actions.empty(); actions = group_.take()) {
    for (const GroupAction& action : actions) {
      switch (action.kind) {
        case GroupAction::Kind::open: open(action, now_ns); break;
        case GroupAction::Kind::join: join(action.member, now_ns); break;
        case GroupAction::Kind::changed: tell(); break;
        default: send_grab(action, now_ns);
      }
    }
  }
  if (!group_.asking()) {
    chord_.reset();
    lock_.reset();
  }
  for (std::size_t i = 0; i < members_.size(); ++i) note_held(i, keeps_input(i));
}

void Switch::note_held(std::size_t member, bool held) {
  Device* device = members_[member].device ? devices_.find(*members_[member].device) : nullptr;
  if (device != nullptr) held_.track(*device, device->grabbed, device->grabbed, held ? 1 : 0);
}

// Whether its machine would miss keys if it stood still: while it has the input taken
// away, and while it keeps hotkeys from the programs there.
bool Switch::keeps_input(std::size_t member) const {
  const bool watches = members_[member].grabs && !spec_.hotkeys.empty();
  return group_.holds(member) || (group_.up(member) && watches);
}

void Switch::open(const GroupAction& action, std::uint64_t now_ns) {
  crossing_.reset();
  if (chord_) chords_.withhold(*chord_);
  chord_.reset();
  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (i != action.target && !targets_[i].pipeline.empty())
      topology_.close(targets_[i].pipeline, now_ns);
  Target& target = targets_[action.target];
  if (action.at && target.pointer) target.pointer->place(*action.at, target.desktop);
  if (!target.pipeline.empty()) {
    Opening how{chords_.withheld()};
    how.flows = [this](const SourcePort& port) { return flows(port); };
    PointerMotion enter;
    if (target.pointer && !spec_.targets[action.target].relative) {
      enter = motion_in(target);
      how.enter = &enter;
    }
    topology_.open(target.pipeline, how, now_ns);
  }
  if (const auto lock = std::exchange(lock_, std::nullopt)) group_.set_lock(*lock, group_.reason());
}

void Switch::join(std::size_t member, std::uint64_t now_ns) {
  const std::string& pipeline = targets_[group_.at()].pipeline;
  if (pipeline.empty()) return;
  Opening how{chords_.withheld()};
  how.flows = [&](const SourcePort& port) {
    return std::ranges::any_of(places_, [&](const auto& each) {
      return each.get() == port.watch && each->member == member;
    });
  };
  topology_.join(pipeline, how, now_ns);
}

bool Switch::flows(const SourcePort& port) const {
  const auto place =
      std::ranges::find_if(places_, [&](const auto& each) { return each.get() == port.watch; });
  return place != places_.end() && group_.flows((*place)->member);
}

void Switch::tell() const {
  const SwitchStatus now = status();
  SwitchState state;
  state.name = now.name;
  state.target = now.target;
  state.wanted = now.wanted;
  state.locked = now.locked;
  state.reason = now.reason;
  host_.switch_changed(state);
}

// Of a target with an address, whose monitors are known, which wants places and not ways.
Switch::Target* Switch::pointing() {
  Target& target = targets_[group_.at()];
  const bool ours =
      !target.pipeline.empty() && target.pointer && !spec_.targets[group_.at()].relative;
  return ours ? &target : nullptr;
}

PointerMotion Switch::motion_in(const Target& target) const {
  const Box& box = target.desktop.bounds();
  const Point at = target.pointer->at();
  return motion_to(at.x - box.left, at.y - box.top, static_cast<std::uint32_t>(box.width()),
                   static_cast<std::uint32_t>(box.height()));
}

}  // namespace dkvm::detail
