#pragma once

#include "tests/unit/pipelines/rig.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::test {

inline constexpr std::uint16_t kAlt = 56;
inline constexpr std::uint16_t kOne = 2;
inline constexpr std::uint16_t kTwo = 3;
inline constexpr std::uint16_t kThree = 4;

inline TopicSet topics(std::initializer_list<wire::Topic> list) {
  TopicSet set;
  for (const wire::Topic topic : list) set.add(id_of(topic));
  return set;
}

inline Geometry geometry(std::uint32_t width, std::uint32_t height) {
  Geometry geometry;
  auto monitor = std::make_unique<wire::MonitorT>();
  monitor->width = width;
  monitor->height = height;
  geometry.monitors.push_back(std::move(monitor));
  return geometry;
}

// A keyboard with a mouse (1) whose input can be taken away, its own machine, and
// beyond its right border `laptop` (2), beyond that one `tower` (3).
class SwitchRig : public Rig {
 public:
  static constexpr PortRef kKeyboard{1, 0};
  static constexpr PortRef kMouse{1, 1};

  SwitchRig() {
    spec.name = "desk";
    spec.sources = {"input"};
    spec.home = "local";
    spec.targets = {{"local", "", false}, {"laptop", "laptop", false}, {"tower", "tower", false}};
    spec.hotkeys = {{Hotkey::Act::target, "local", {kCtrl, kAlt, kOne}},
                    {Hotkey::Act::target, "laptop", {kCtrl, kAlt, kTwo}},
                    {Hotkey::Act::target, "tower", {kCtrl, kAlt, kThree}},
                    {Hotkey::Act::lock, "", {kCtrl, 38}},
                    {Hotkey::Act::next, "", {70}}};
    spec.layout = {{"local", wire::Side::right, "laptop"}, {"laptop", wire::Side::right, "tower"}};
    source_up();
    sink_up(2, "laptop");
    sink_up(3, "tower");
  }

  void source_up() {
    using enum wire::Topic;
    up(1, "input",
       {out_port(0, "keyboard",
                 topics({key, input_state, grabbed, dkvm::wire::Topic::geometry, edge_push}),
                 {.live = true}),
        out_port(1, "mouse", topics({pointer_motion, pointer_button, pointer_scroll}),
                 {.live = true})});
  }
  void sink_up(DeviceId id, const std::string& name) {
    using enum wire::Topic;
    up(id, name,
       {in_port(0, "input", topics({key, pointer_motion, pointer_button, pointer_scroll}),
                {.injects = true})});
  }
  // The switch takes effect, beside pipelines of its own.
  void begin(std::vector<PipelineSpec> others = {}) {
    for (PipelineSpec& each : target_pipelines(spec)) others.push_back(std::move(each));
    const auto applied = router.apply(std::move(others), {spec}, now);
    REQUIRE(applied);
  }

  // The monitors of home, 1920x1080, and of the laptop are known.
  void show_screens(std::uint32_t width = 1000, std::uint32_t height = 500) {
    send(kKeyboard, geometry(1920, 1080));
    REQUIRE(send_up({2, 0}, geometry(width, height)));
  }

  // Grabs that were sent to the source since the last time.
  std::vector<Grab> grabs() {
    std::vector<Grab> all;
    for (const SentUp& each : host.sent_up) {
      if (each.topic != id_of(wire::Topic::grab)) continue;
      REQUIRE(each.source == kKeyboard);
      Grab grab;
      view_table<wire::Grab>(each.payload).UnPackTo(&grab);
      all.push_back(std::move(grab));
    }
    host.sent_up.clear();
    return all;
  }
  // In short: `prepare`, `grab`, `release(10,20)`.
  std::string asked() {
    std::string text;
    for (const Grab& grab : grabs()) {
      if (!text.empty()) text += ' ';
      text += wire::EnumNameGrabAction(grab.action);
      if (grab.warp) text += fmt::format("({},{})", grab.x, grab.y);
      if (grab.action == wire::GrabAction::grab) epoch = grab.epoch;
      if (grab.action == wire::GrabAction::prepare) prepared = grab.epoch;
    }
    return text;
  }

  void say_grabbed(bool granted, const std::string& reason = "") {
    Grabbed answer;
    answer.epoch = epoch;
    answer.granted = granted;
    answer.reason = reason;
    send(kKeyboard, answer);
  }
  // To what it was asked just now.
  void grant() {
    const std::string said = asked();
    INFO(said);
    REQUIRE(said.find("grab") != std::string::npos);
    say_grabbed(true);
  }
  void chord(std::uint16_t last) {
    press(kCtrl);
    press(kAlt);
    press(last);
  }
  void let_go_chord(std::uint16_t last) {
    lift(last);
    lift(kAlt);
    lift(kCtrl);
  }
  // There by hotkey, and all fingers off.
  void go(std::uint16_t last) {
    chord(last);
    if (at() == "local") grant();
    let_go_chord(last);
    take(2);
    take(3);
  }
  void move(double x, double y) { send(kMouse, motion_by(x, y)); }
  void click(bool down) { send(kMouse, button(kLeft, down)); }
  void push_edge(bool pushing, std::int32_t where = 500, std::uint32_t edge = 0) {
    EdgePush push;
    push.epoch = prepared;
    push.edge = edge;
    push.at = where;
    push.pushing = pushing;
    send(kKeyboard, push);
  }
  void pass(std::uint64_t ns) {
    for (const std::uint64_t end = now + ns; now < end;) {
      now = std::min({end, std::max(router.deadline(), now + 1)});
      router.tick(now);
    }
  }

  std::string at() const { return router.switches().front().target; }
  SwitchStatus status() const { return router.switches().front(); }

  SwitchSpec spec;
  std::uint32_t epoch = 0;
  std::uint32_t prepared = 0;
};

}  // namespace dkvm::test
