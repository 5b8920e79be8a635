#include "tests/support/seed.hpp"
#include "tests/unit/pipelines/switches/switch_rig.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>

// A whole switch, with fingers, sources and targets that do anything at any time.
using namespace dkvm;
using namespace dkvm::test;

namespace {

class Life {
 public:
  explicit Life(std::uint32_t seed) : random_(seed) {
    if (chance(2)) rig_.spec.delay_ns = 20 * kMs;
    rig_.begin();
    rig_.send(SwitchRig::kKeyboard, geometry(1920, 1080));
    geometries();
    hear();
  }

  void step() {
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
      case 3: return stroke(kCodes[pick(std::size(kCodes))]);
      case 4: return chord();
      case 5: return stroke(kLeft);
      case 6:
      case 7:
        if (source_up_) rig_.move(number(-900, 900), number(-90, 90));
        return settle();
      case 8:
        if (source_up_)
          rig_.push_edge(chance(2), number(0, 1079), static_cast<std::uint32_t>(pick(3)));
        return settle();
      case 9: return source_comes_or_goes();
      case 10: return sink_comes_or_goes();
      case 11:
        if (!chance(4)) return settle();
        static_cast<void>(
            rig_.router.select("desk", {kNames[pick(3)], "asked", std::nullopt}, rig_.now));
        return settle();
      case 12: return answer(chance(5));
      default: return pass();
    }
  }

  // All fingers off, and every answer given.
  void rest() {
    for (int i = 0; i < 3; ++i) {
      if (asked_ != 0) answer(false);
      settle();
    }
    const auto held = down_;
    for (const std::uint16_t code : held) stroke(code);
    for (const auto& [sink, codes] : sinks_) REQUIRE(codes.empty());
  }

  // Somebody had the input abroad, and something was typed there.
  std::size_t arrived() const { return arrived_; }

 private:
  static constexpr std::uint16_t kCodes[] = {kA,   kB,   kCtrl,  kAlt, kMeta,
                                             kOne, kTwo, kThree, 70,   38};
  static constexpr const char* kNames[] = {"local", "laptop", "tower"};

  std::size_t pick(std::size_t below) { return random_() % below; }
  bool chance(std::size_t of) { return pick(of) == 0; }
  int number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  void geometries() {
    for (const DeviceId id : {DeviceId{2}, DeviceId{3}})
      if (up_[id]) REQUIRE(rig_.send_up({id, 0}, geometry(1000, 500)));
  }

  void stroke(std::uint16_t code) {
    const bool goes_down = !down_.contains(code);
    if (goes_down)
      down_.insert(code);
    else
      down_.erase(code);
    if (source_up_)
      rig_.type(code, goes_down, code == kLeft ? SwitchRig::kMouse : SwitchRig::kKeyboard);
    settle();
  }

  void chord() {
    for (const std::uint16_t code : std::set(down_)) stroke(code);
    for (const std::uint16_t code : {kCtrl, kAlt, kCodes[5 + pick(3)]}) stroke(code);
  }

  void source_comes_or_goes() {
    if (!chance(6)) return settle();
    if (source_up_) {
      rig_.router.device_down(1, rig_.now);
    } else {
      down_.clear();  // a new source knows of no key that was down before
      rig_.source_up();
    }
    source_up_ = !source_up_;
    asked_ = granted_ = 0;
    settle();
  }

  void sink_comes_or_goes() {
    if (!chance(4)) return settle();
    const DeviceId id = chance(2) ? 2 : 3;
    if (up_[id]) {
      rig_.router.device_down(id, rig_.now);
    } else {
      rig_.sink_up(id, id == 2 ? "laptop" : "tower");
    }
    up_[id] = !up_[id];
    sinks_[id].clear();
    geometries();
    settle();
  }

  void answer(bool refuses) {
    if (asked_ != 0) {
      rig_.epoch = std::exchange(asked_, 0);
      granted_ = refuses ? 0 : rig_.epoch;
      rig_.say_grabbed(!refuses);
    } else if (granted_ != 0 && chance(20)) {
      rig_.epoch = std::exchange(granted_, 0);
      rig_.say_grabbed(false, "panic");
    }
    settle();
  }

  void pass() {
    rig_.now += static_cast<std::uint64_t>(number(0, 60)) * kMs;
    if (rig_.router.deadline() <= rig_.now) rig_.router.tick(rig_.now);
    settle();
  }

  // What the source was told.
  void hear() {
    for (const Grab& grab : rig_.grabs()) {
      if (!source_up_) continue;
      if (grab.action == wire::GrabAction::prepare) rig_.prepared = grab.epoch;
      if (grab.action == wire::GrabAction::grab) asked_ = grab.epoch;
      if (grab.action != wire::GrabAction::release) continue;
      if (grab.epoch == asked_) asked_ = 0;
      if (grab.epoch == granted_) granted_ = 0;
    }
  }

  void settle() {
    hear();
    const std::string at = rig_.at();
    for (const DeviceId id : {DeviceId{2}, DeviceId{3}}) {
      if (!up_[id]) continue;
      std::set<std::uint16_t>& sink = sinks_[id];
      for (const Got& got : rig_.take_frames(id)) {
        if (got.text.back() != '+' && got.text.back() != '-') continue;
        const auto code = static_cast<std::uint16_t>(std::stoi(got.text));
        const bool goes_down = got.text.back() == '+';
        CAPTURE(id, got.text, at);
        REQUIRE(sink.contains(code) != goes_down);
        if (goes_down)
          sink.insert(code);
        else
          sink.erase(code);
        arrived_ += goes_down ? 1 : 0;
      }
      // Only who has the input holds anything, and only of a source that has let go.
      CAPTURE(id, at);
      if (at != kNames[id - 1]) REQUIRE(sink.empty());
      if (granted_ == 0) REQUIRE(sink.empty());
      // And nothing that no finger holds.
      for (const std::uint16_t code : sink) REQUIRE(down_.contains(code));
    }
    if (at != "local" && source_up_ && granted_ == 0) REQUIRE(asked_ != 0);
    if (at == "local" && rig_.status().wanted == "local") REQUIRE(granted_ == 0);
    REQUIRE(rig_.host.held[1] == source_up_);  // it keeps hotkeys from its desktop
  }

  std::mt19937_64 random_;
  SwitchRig rig_;
  std::set<std::uint16_t> down_;  // under fingers
  std::map<DeviceId, std::set<std::uint16_t>> sinks_;
  std::map<DeviceId, bool> up_{{2, true}, {3, true}};
  bool source_up_ = true;
  std::uint32_t asked_ = 0;
  std::uint32_t granted_ = 0;
  std::size_t arrived_ = 0;
};

}  // namespace

TEST_CASE("Every key that goes down at a target comes up there, whatever happens") {
  const auto seed = seed_of_the_run();
  INFO(again_with(seed));
  std::size_t arrived = 0;
  for (std::uint32_t round = 0; round < 60; ++round) {
    Life life(seed + round);
    for (int step = 0; step < 2'000; ++step) life.step();
    life.rest();
    arrived += life.arrived();
  }
  CHECK(arrived > 1'000);
}
