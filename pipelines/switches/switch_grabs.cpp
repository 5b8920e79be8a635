#include "pipelines/switches/switch.hpp"

#include <algorithm>
#include <cmath>

// What a switch tells its sources: to hold their input, to let it go, what to watch for.
namespace dkvm::detail {

void Switch::send_grab(const GroupAction& action, std::uint64_t now_ns) {
  Grab grab;
  grab.epoch = action.epoch;
  switch (action.kind) {
    case GroupAction::Kind::prepare:
      grab.action = wire::GrabAction::prepare;
      watch_at_home(grab);
      break;
    case GroupAction::Kind::grab:
    case GroupAction::Kind::renew:
      grab.action =
          action.kind == GroupAction::Kind::grab ? wire::GrabAction::grab : wire::GrabAction::renew;
      grab.lease_ms = kLeaseMs;
      break;
    default:
      grab.action = wire::GrabAction::release;
      if (action.at && targets_[group_.home()].desktop.known()) {
        grab.warp = true;
        grab.x = static_cast<std::int32_t>(std::lround(action.at->x));
        grab.y = static_cast<std::int32_t>(std::lround(action.at->y));
      }
  }
  send(grab, action.member, now_ns);
}

void Switch::send(const Grab& grab, std::size_t member, std::uint64_t now_ns) {
  if (!members_[member].grabs) return;
  const wire::HopStamp stamp(kernel_id_, now_ns, now_ns, now_ns);
  host_.send_upstream({*members_[member].grabs, id_of(wire::Topic::grab), writer_.write(grab),
                       std::as_bytes(std::span(&stamp, 1))});
}

// The chords, and the stretches of home's border that have a neighbour.
void Switch::watch_at_home(Grab& grab) {
  for (const Hotkey& hotkey : spec_.hotkeys) {
    auto chord = std::make_unique<wire::ChordT>();
    chord->codes = hotkey.codes;
    grab.chords.push_back(std::move(chord));
  }
  watched_.clear();
  const Desktop& desktop = watched_desktop_;
  for (const Side side : kSides) {
    if (!desktop.known() || !layout_.beyond(group_.home(), side)) continue;
    for (const Stretch& stretch : desktop.border(side, spec_.corners)) {
      if (watched_.size() == kEdgesPerGrabMax || stretch.to <= 0) break;
      auto edge = std::make_unique<wire::EdgeT>();
      edge->side = side;
      edge->from = static_cast<std::uint32_t>(std::max(stretch.from, 0.0));
      edge->to = static_cast<std::uint32_t>(stretch.to);
      grab.edges.push_back(std::move(edge));
      watched_.push_back(side);
    }
  }
}

}  // namespace dkvm::detail
