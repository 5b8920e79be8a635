#include "pipelines/switches/switch.hpp"

#include <algorithm>

// What the sources of a switch send, on its way to where the input is.
namespace dkvm::detail {

Switch::Look Switch::see(Place& place, const Incoming& event) {
  Look look;
  switch (static_cast<wire::Topic>(event.frame.header.topic())) {
    case wire::Topic::key: look.pass = see_key(place, event); break;
    case wire::Topic::input_state: see_state(place, event); break;
    case wire::Topic::pointer_motion: look = see_motion(place, event); break;
    case wire::Topic::pointer_button: {
      const auto& it = view_table<wire::PointerButton>(event.frame.payload);
      if (is_code(it.code())) place.buttons[it.code()] = it.down();
      break;
    }
    case wire::Topic::grabbed: see_grabbed(place, event); break;
    case wire::Topic::edge_push: see_push(place, event); break;
    case wire::Topic::geometry:
      // The sources' own machine is home.
      if (targets_[group_.home()].pipeline.empty())
        set_desktop(group_.home(), Desktop(view_table<wire::Geometry>(event.frame.payload)));
      break;
    default: break;
  }
  act(event.received_ns);
  look.pass = look.pass && group_.flows(place.member);
  return look;
}

bool Switch::see_key(Place& place, const Incoming& event) {
  const auto& it = view_table<wire::Key>(event.frame.payload);
  const Chords::Stroke stroke = chords_.key(place.number, it.code(), it.down());
  if (stroke.chord) do_hotkey(*stroke.chord, event.received_ns);
  return stroke.pass;
}

void Switch::see_state(Place& place, const Incoming& event) {
  CodeBits pressed;
  if (const auto* codes = view_table<wire::InputState>(event.frame.payload).pressed())
    for (const std::uint16_t code : *codes)
      if (is_code(code)) pressed.set(code);
  chords_.only(place.number, pressed);
  // Its buttons may come from another port of the same hand.
  for (const auto& each : places_)
    if (each->member == place.member) each->buttons &= pressed;
}

void Switch::do_hotkey(std::size_t number, std::uint64_t now_ns) {
  const Hotkey& hotkey = spec_.hotkeys[number];
  if (hotkey.act == Hotkey::Act::lock)
    return group_.set_lock(!group_.locked(), group_.locked() ? "unlocked" : "locked");
  if (hotkey.act == Hotkey::Act::next && group_.locked()) return;
  const auto target = hotkey.act == Hotkey::Act::next ? next_target() : target_named(hotkey.target);
  if (!target) return;
  wish_for(*target, "hotkey", {.chord = number}, now_ns);
}

// The next one round that is there.
std::optional<std::size_t> Switch::next_target() const {
  const std::size_t count = targets_.size();
  for (std::size_t step = 1; step < count; ++step) {
    const std::size_t target = (group_.wanted() + step) % count;
    if (target == group_.home() || group_.there(target)) return target;
  }
  return std::nullopt;
}

Switch::Look Switch::see_motion(Place& place, const Incoming& event) {
  Target* target = pointing();
  if (target == nullptr || !group_.flows(place.member)) return {};
  PointerMotion motion;
  view_table<wire::PointerMotion>(event.frame.payload).UnPackTo(&motion);
  std::optional<Pointer::Push> pushed;
  if (motion.absolute) {
    // A place on a surface of its own, which stands for the whole desktop.
    const Box& box = target->desktop.bounds();
    const auto part = [](double at, std::uint32_t of) {
      return of > 1 ? std::clamp(at / (of - 1), 0.0, 1.0) : 0.0;
    };
    target->pointer->place({box.left + part(motion.x, motion.width) * (box.width() - 1),
                            box.top + part(motion.y, motion.height) * (box.height() - 1)},
                           target->desktop);
  } else {
    pushed = target->pointer->move(motion.x, motion.y, target->desktop);
  }
  const std::size_t before = group_.at();
  if (pushed) {
    push(pushed->side, pushed->along, event.received_ns);
  } else if (crossing_ && !target->pointer->touches(crossing_->side, target->desktop)) {
    crossing_.reset();
  }
  if (group_.at() != before) return {.pass = false};
  Look look;
  look.instead = event;
  Frame& frame = look.instead->frame;
  frame.payload = made_.motion(motion_in(*target));
  seal(frame);
  return look;
}

// At the border of the target that has the input.
void Switch::push(Side side, double along, std::uint64_t now_ns) {
  const std::size_t from = group_.at();
  const Desktop& desktop = targets_[from].desktop;
  const auto beyond = layout_.beyond(from, side);
  const bool crosses =
      beyond && may_leave_by_border(*beyond) && desktop.may_cross(side, along, spec_.corners);
  if (!crosses) return crossing_.reset();
  const Desktop& there = targets_[*beyond].desktop;
  std::optional<Point> enter;
  if (there.known()) enter = matching_point(desktop, side, along, there);
  const bool goes_on = crossing_ && crossing_->side == side;
  crossing_ = {*beyond, side, enter, goes_on ? crossing_->due_ns : now_ns + spec_.delay_ns};
  if (now_ns >= crossing_->due_ns) cross(now_ns);
}

bool Switch::may_leave_by_border(std::size_t target) const {
  return !group_.locked() && !group_.asking() && !dragging() &&
         (target == group_.home() || group_.there(target));
}

// What is dragged stays where it is.
bool Switch::dragging() const {
  return std::ranges::any_of(places_, [](const auto& place) { return place->buttons.any(); });
}

void Switch::see_grabbed(Place& place, const Incoming& event) {
  const auto& it = view_table<wire::Grabbed>(event.frame.payload);
  const std::string reason = it.reason() == nullptr ? std::string() : it.reason()->str();
  const std::string doubt =
      group_.grabbed(place.member, it.epoch(), it.granted(), reason.substr(0, kReasonBytesMax));
  std::string& said = members_[place.member].doubt;
  if (!doubt.empty() && said != doubt) host_.switch_doubt(spec_.name, doubt);
  if (!doubt.empty()) said = doubt;
}

void Switch::see_push(Place& place, const Incoming& event) {
  const auto& it = view_table<wire::EdgePush>(event.frame.payload);
  const bool ours = group_.at() == group_.home() && group_.watches(place.member, it.epoch()) &&
                    it.edge() < watched_.size();
  if (!ours) return;
  const Side side = watched_[it.edge()];
  if (it.pushing()) return push(side, it.at(), event.received_ns);
  if (crossing_ && crossing_->side == side) crossing_.reset();
}

}  // namespace dkvm::detail
