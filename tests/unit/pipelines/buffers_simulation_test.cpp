#include <catch2/catch.hpp>

#include "tests/support/seed.hpp"
#include "tests/unit/pipelines/rig.hpp"

#include <array>
#include <random>

using namespace dkvm;
using namespace dkvm::test;

// Pictures, packets, sound, cursors and clipboards through random shares,
// policies, pauses, reloads and deaths. Always: nothing is held or leased that
// was not (FakeAccount sees to that), no delta comes without its predecessor, a
// topic keeps its order. Once all is quiet: nothing is held, and every sink has
// the latest picture.
namespace {

constexpr DeviceId kSources = 2;     // devices 1, 2
constexpr DeviceId kSinkFirst = 11;  // .. 13
constexpr DeviceId kSinks = 3;

struct SourceModel {
  bool up = false;
  std::uint32_t frame = 0;  // number of the latest
  std::uint64_t packet = 0;
  std::uint32_t audio = 0;
  bool asked = false;  // for whole ones
};

struct SinkModel {
  bool up = false;
  bool paused = false;
  std::map<DeviceId, std::uint64_t> frame;  // by source: what its picture stands at
  std::map<DeviceId, std::uint64_t> packet;
  std::map<std::pair<DeviceId, TopicId>, std::uint64_t> origin;  // sequence of the latest
};

class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed) {
    for (DeviceId source = 1; source <= kSources; ++source) {
      for (DeviceId sink = kSinkFirst; sink < kSinkFirst + kSinks; ++sink)
        specs_.push_back(
            pipeline(fmt::format("p{}-{}", source, sink), name_of(source), name_of(sink)));
    }
    rig_.apply(specs_);
    for (DeviceId source = 1; source <= kSources; ++source) restart_source(source);
    for (auto& [id, sink] : sinks_) restart_sink(id);
  }

  void step() {
    rig_.now += random_() % (10 * kMs);
    rig_.router.tick(rig_.now);
    const auto source = static_cast<DeviceId>(1 + roll(kSources));
    const auto sink = static_cast<DeviceId>(kSinkFirst + roll(kSinks));
    const std::size_t dice = roll(1000);
    if (dice < 550) return send(source);
    if (dice < 740) return take(sink, 1 + roll(600));
    if (dice < 880) return release(sink);
    if (dice < 900) return set_share(sink, {1 + roll(4), roll(5)});
    if (dice < 920) return pause(sink);
    if (dice < 960) return reload(specs_[roll(specs_.size())]);
    if (dice < 980) return restart_source(source);
    restart_sink(sink);
  }

  void settle() {
    for (DeviceId source = 1; source <= kSources; ++source) {
      if (!sources_[source].up) restart_source(source);
    }
    for (auto& [id, sink] : sinks_) {
      if (!sink.up) restart_sink(id);
      if (sink.paused) pause(id);
      set_share(id, {1, 3});
    }
    // Refreshes come at their limit's pace; what is answered is taken at once, one
    // lease at a time.
    for (int i = 0; i < 8; ++i) {
      rig_.now += 300 * kMs;
      rig_.router.tick(rig_.now);
      for (DeviceId source = 1; source <= kSources; ++source) {
        if (!hear(source)) continue;
        // One at a time: a lossless queue of depth 1 has no room for two.
        sources_[source].asked = false;
        send_frame(source, false);
        take_everywhere();
        send_packet(source, false);
        take_everywhere();
      }
      take_everywhere();
    }
    check_quiet();
  }

 private:
  static std::string name_of(DeviceId id) { return fmt::format("d{}", id); }
  std::size_t roll(std::size_t sides) { return random_() % sides; }

  void check_quiet() {
    REQUIRE(rig_.account.held() == 0);
    for (const PipelineSpec& spec : specs_) {
      const EdgeStats edge = rig_.edge(spec.name);
      require_sums(edge);
      REQUIRE(edge.queued == 0);
      if (!spec.enabled) continue;
      const auto source = static_cast<DeviceId>(std::stoi(spec.from[0].substr(1)));
      const auto sink = static_cast<DeviceId>(std::stoi(spec.to[0].substr(1)));
      INFO(spec.name << " under " << name(spec.queue.policy.value_or(Policy::latest)));
      REQUIRE(sources_[source].frame > 0);
      REQUIRE(sinks_[sink].frame[source] == sources_[source].frame);
      REQUIRE(sinks_[sink].packet[source] == sources_[source].packet);
    }
  }

  // --- sources --------------------------------------------------------------------

  // Whether the router wants whole ones of it by now.
  bool hear(DeviceId source) {
    for (const std::string& message : rig_.host.upstream) {
      for (DeviceId each = 1; each <= kSources; ++each)
        if (message == fmt::format("{}/0 refresh frame", each)) sources_[each].asked = true;
    }
    rig_.host.upstream.clear();
    return sources_[source].asked;
  }

  void send_frame(DeviceId source, bool delta) {
    rig_.frame(++sources_[source].frame, delta, {source, 0});
  }
  void send_packet(DeviceId source, bool delta) {
    rig_.packet(++sources_[source].packet, delta, {source, 0});
  }

  void send(DeviceId source) {
    SourceModel& model = sources_[source];
    if (!model.up) return;
    const PortRef port{source, 0};
    if (hear(source) && roll(4) == 0) {
      model.asked = false;
      send_frame(source, false);
      return send_packet(source, false);
    }
    switch (roll(6)) {
      case 0:
      case 1: return send_frame(source, roll(5) != 0);
      case 2: return send_packet(source, roll(5) != 0);
      case 3: return rig_.audio(++model.audio, port);
      case 4: return rig_.clip(1, roll(3), port);
      default: return rig_.send(port, Cursor(), 0, roll(2));
    }
  }

  void restart_source(DeviceId id) {
    SourceModel& model = sources_[id];
    if (model.up) {
      rig_.router.device_down(id, rig_.now);
    } else {
      rig_.up(id, name_of(id), {out_port(0, "out")});
    }
    model.up = !model.up;
    model.asked = false;
  }

  // --- sinks ------------------------------------------------------------------------

  void take(DeviceId id, std::size_t budget_bytes) {
    SinkModel& sink = sinks_[id];
    if (!sink.up) return;
    const std::size_t leased = rig_.account.leased({id, 0});
    std::size_t buffers = 0;
    std::uint64_t sequence = 0;
    for (const Got& got : rig_.take_frames(id, budget_bytes)) {
      buffers += got.header.buffer_count();
      sequence = got.header.sequence();
      check(sink, got);
    }
    REQUIRE(rig_.account.leased({id, 0}) == leased + buffers);
    if (sequence != 0) rig_.router.applied({id, 0}, sequence, rig_.now);
  }

  void take_everywhere() {
    for (auto& [id, sink] : sinks_) {
      take_all(id);
      release(id);
    }
  }
  void take_all(DeviceId id) {
    while (rig_.router.has_entries(id)) {
      take(id, 1 << 20);
      REQUIRE_FALSE(rig_.router.has_entries(id));
      release(id);
    }
  }

  void check(SinkModel& sink, const Got& got) {
    const DeviceId source = got.header.origin_device();
    const std::uint64_t order =
        (std::uint64_t{got.header.origin_incarnation()} << 32) + got.header.origin_sequence();
    std::uint64_t& latest = sink.origin[{source, got.header.topic()}];
    INFO(got.text << " of device " << source);
    REQUIRE(order > latest);
    latest = order;
    const bool delta = (got.header.flags() & kFlagDelta) != 0;
    const bool frame = got.header.topic() == id_of(wire::Topic::display_frame);
    if (!frame && got.header.topic() != id_of(wire::Topic::media_packet)) return;
    std::uint64_t& stands_at = frame ? sink.frame[source] : sink.packet[source];
    const std::uint64_t number = std::stoull(got.text.substr(got.text.find(' ')));
    if (delta) REQUIRE(number == stands_at + 1);
    stands_at = number;
  }

  void release(DeviceId id) { rig_.release({id, 0}); }

  void set_share(DeviceId id, FakeAccount::Share share) {
    rig_.account.shares[{id, 0}] = share;
    release(id);
  }

  void pause(DeviceId id) {
    SinkModel& sink = sinks_[id];
    if (!sink.up) return;
    sink.paused = !sink.paused;
    if (sink.paused) return rig_.router.pause({id, 0}, rig_.now);
    rig_.router.resume({id, 0}, rig_.now);
  }

  void restart_sink(DeviceId id) {
    SinkModel& sink = sinks_[id];
    if (sink.up) {
      rig_.router.device_down(id, rig_.now);
      rig_.account.release({id, 0});  // it was reaped
    } else {
      rig_.up(id, name_of(id), {in_port(0, "in")});
    }
    sink = {!sink.up, false, {}, {}, {}};
  }

  void reload(PipelineSpec& spec) {
    constexpr std::array kPolicies = {Policy::lossless, Policy::latest, Policy::drop_oldest,
                                      Policy::deltas, Policy::block};
    spec.enabled = roll(6) != 0;
    spec.queue.policy.reset();
    if (roll(3) != 0) spec.queue.policy = kPolicies[roll(kPolicies.size())];
    spec.queue.depth = 1 + roll(6);
    spec.queue.max_age_ns.reset();
    if (roll(4) == 0) spec.queue.max_age_ns = 30 * kMs;
    rig_.apply(specs_);
  }

  Rig rig_;
  std::mt19937 random_;
  std::vector<PipelineSpec> specs_;
  std::map<DeviceId, SourceModel> sources_;
  std::map<DeviceId, SinkModel> sinks_ = {{11, {}}, {12, {}}, {13, {}}};
};

}  // namespace

TEST_CASE("whatever happens, buffers come back, and every sink has the latest picture") {
  constexpr std::uint32_t kRuns = 20;
  const std::uint32_t first = test::seed_of_the_run();
  for (std::uint32_t i = 0; i < (test::seed_is_given() ? 1 : kRuns); ++i) {
    INFO(test::again_with(first + i));
    World world(first + i);
    for (int round = 0; round < 12; ++round) {
      for (int step = 0; step < 250; ++step) world.step();
      world.settle();
    }
  }
}
