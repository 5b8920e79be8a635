#include <catch2/catch.hpp>

#include "tests/unit/pipelines/counting_new.hpp"
#include "tests/unit/pipelines/rig.hpp"

#include <cstdio>
#include <ctime>

// Run by hand: pipelines_tests "[!benchmark]".
namespace dkvm::test {
namespace {

struct Flood {
  Rig rig;
  PayloadWriter writer;
  std::vector<std::vector<std::byte>> payloads;
  std::vector<Frame> frames;
  std::vector<std::byte> out = std::vector<std::byte>(65536 + kFrameBytesMax);
  std::uint64_t taken_bytes = 0;

  explicit Flood(PipelineSpec spec, std::size_t sinks = 1) {
    rig.desk();
    for (std::size_t i = 1; i < sinks; ++i) {
      const std::string name = fmt::format("more{}", i);
      rig.up(static_cast<DeviceId>(10 + i), name, {in_port(0, "all")});
      spec.to.push_back(name);
    }
    rig.apply({spec});
  }

  template <class Event>
  void add(const Event& event) {
    const Bytes bytes = writer.write(event);
    payloads.emplace_back(bytes.begin(), bytes.end());
    Frame frame{make_header(wire::FrameKind::event), {}, {}, payloads.back()};
    frame.header.mutate_topic(id_of(topic_of<Event>));
    frame.header.mutate_capture_ns(rig.now);
    seal(frame);
    frames.push_back(frame);
  }

  // One batch in, all out.
  void turn(std::size_t batch) {
    for (std::size_t i = 0; i < batch; ++i)
      rig.router.publish({1, 0}, frames[i % frames.size()], rig.now);
    while (rig.router.has_entries(2)) taken_bytes += rig.router.take(2, out, 65536, rig.now);
    rig.host.woken.clear();
  }
};

double ns_per_event(Flood& flood, std::size_t batch, std::size_t turns) {
  for (int i = 0; i < 100; ++i) flood.turn(batch);
  // Of processor time: what else runs on the machine counts less.
  const std::clock_t start = std::clock();
  for (std::size_t i = 0; i < turns; ++i) flood.turn(batch);
  const auto spent_s = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return spent_s * 1e9 / static_cast<double>(batch * turns);
}

}  // namespace

TEST_CASE("a steady stream of keys and motion allocates nothing") {
  Flood flood(pipeline("typing", "keyboard", "desk"));
  flood.add(key(30, true));
  flood.add(motion_by(1, 2));
  flood.add(motion_by(3, 4));
  flood.add(key(30, false));
  Clipboard clipboard;
  clipboard.data.assign(9000, 'x');
  flood.add(clipboard);
  for (int i = 0; i < 10; ++i) flood.turn(50);
  const std::uint64_t before = allocations;
  for (int i = 0; i < 1000; ++i) flood.turn(50);
  REQUIRE(allocations == before);
  REQUIRE(flood.taken_bytes > 1'000'000);
}

TEST_CASE("publish and take, nanoseconds a key", "[!benchmark]") {
  for (const std::size_t batch : {2U, 16U, 500U, 3000U}) {
    PipelineSpec spec = pipeline("typing", "keyboard", "desk");
    spec.queue.policy = Policy::block;
    Flood flood(spec);
    flood.add(key(30, true));
    flood.add(key(30, false));
    std::printf("keys, batches of %4zu:   %6.1f ns\n", batch,
                ns_per_event(flood, batch, 2'000'000 / batch));
  }
  Flood remapped(with_remap(pipeline("typing", "keyboard", "desk"), "KEY_A", "KEY_B"));
  remapped.add(key(30, true));
  remapped.add(key(30, false));
  std::printf("keys through a remap:    %6.1f ns\n", ns_per_event(remapped, 100, 20'000));
  Flood mouse(pipeline("pointer", "keyboard", "desk"));
  mouse.add(motion_by(1, 1));
  std::printf("motion, 100 become one:  %6.1f ns\n", ns_per_event(mouse, 100, 20'000));
}

}  // namespace dkvm::test
