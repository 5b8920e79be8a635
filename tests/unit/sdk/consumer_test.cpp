#include "tests/unit/sdk/pool_rig.hpp"

#include <functional>

using namespace dkvm;
using namespace dkvm::test;

namespace {

struct Viewer {
  Viewer() {
    in.on<DisplayFrame>([this](const DisplayFrame& frame, const EventInfo& info) {
      if (handle) handle(frame, info);
    });
  }
  Device device{"acme-viewer", "A test's viewer"};
  OutPort& out = device.source<DisplayFrame, MediaPacket>({.name = "on"});
  InPort& in = device.sink<DisplayFrame>({.name = "screen"});
  std::function<void(const DisplayFrame&, const EventInfo&)> handle;
};

constexpr std::uint16_t kIn = 2;

struct Rig : Viewer, PoolRig {
  Rig() : PoolRig(device), memory(make_memory(4 * kStride)) {
    open(pool(7, false, 4, kIn), for_reading(memory));
    REQUIRE(heard().empty());
  }
  void show(const std::vector<wire::BufferRef>& buffers) { event(kIn, buffers, DisplayFrame{}); }
  void put(std::size_t at, std::byte value) {
    REQUIRE(::pwrite(memory.get(), &value, 1, static_cast<off_t>(at)) == 1);
  }
  detail::Fd memory;
};

std::vector<std::uint32_t> slots_of(const Heard& frame) {
  std::vector<std::uint32_t> slots;
  for (const auto& buffer : frame.buffers) slots.push_back(buffer.slot());
  return slots;
}

using Slots = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("a handler reads the buffer where its producer wrote it") {
  Rig rig;
  rig.put(2 * kStride + 10, std::byte{77});
  int handled = 0;
  rig.handle = [&](const DisplayFrame&, const EventInfo& info) {
    ++handled;
    REQUIRE(info.buffer_count() == 1);
    REQUIRE(info.bytes(0).size() == 50);
    CHECK(info.bytes(0)[10] == std::byte{77});
    rig.put(2 * kStride + 10, std::byte{78});
    CHECK(info.bytes(0)[10] == std::byte{78});
    CHECK(info.bytes(1).empty());
    CHECK_FALSE(info.keep(1));
  };
  rig.show({ref(7, 2, 50)});
  rig.settle();
  CHECK(handled == 1);
}

TEST_CASE("what a handler does not keep goes back in the batch, one frame for all") {
  Rig rig;
  rig.show({ref(7, 2, 50, 9), ref(7, 1, 50, 4)});
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "applied release");
  CHECK(frames[1].header.port() == kIn);
  CHECK(slots_of(frames[1]) == Slots{2, 1});
  CHECK(frames[1].buffers[0].pool() == 7);
  CHECK(frames[1].buffers[0].generation() == 9);
}

TEST_CASE("a release is written before the handler that may keep its producer waiting") {
  Rig rig;  // whose share is 4: half of it is 2
  Slots back_before_last;
  int handled = 0;
  rig.handle = [&](const DisplayFrame&, const EventInfo&) {
    if (++handled != 3) return;
    REQUIRE(readable(rig.fd()));
    std::vector<std::byte> bytes(4096);
    const ssize_t got = ::recv(rig.fd(), bytes.data(), bytes.size(), 0);
    FrameDecoder decoder({bytes.data(), static_cast<std::size_t>(got)});
    Frame frame;
    REQUIRE(decoder.next(frame));
    REQUIRE(frame.kind() == wire::FrameKind::release);
    for (std::size_t i = 0; i < frame.header.buffer_count(); ++i)
      back_before_last.push_back(frame.buffer(i).slot());
  };
  rig.show({ref(7, 0, 1)});
  rig.show({ref(7, 1, 1)});
  rig.show({ref(7, 2, 1)});
  const auto rest = rig.heard();
  CHECK(handled == 3);
  CHECK(back_before_last == Slots{0, 1});
  REQUIRE(names_of(rest) == "applied release");
  CHECK(slots_of(rest[1]) == Slots{2});
}

TEST_CASE("a buffer that is kept goes back when its lease ends, once") {
  Rig rig;
  Lease kept;
  rig.handle = [&](const DisplayFrame&, const EventInfo& info) {
    kept = info.keep(0);
    CHECK_FALSE(info.keep(0));
  };
  rig.show({ref(7, 2, 50), ref(7, 1, 50)});
  auto frames = rig.heard();
  REQUIRE(names_of(frames) == "applied release");
  CHECK(slots_of(frames[1]) == Slots{1});
  rig.put(2 * kStride, std::byte{5});
  CHECK(kept.bytes()[0] == std::byte{5});
  kept.release();
  kept.release();
  frames = rig.heard();
  REQUIRE(names_of(frames) == "release");
  CHECK(slots_of(frames[0]) == Slots{2});
  CHECK(kept.bytes().empty());

  rig.show({ref(7, 3, 50)});
  rig.heard();
  kept = Lease();  // its scope ends
  CHECK(slots_of(rig.heard().at(0)) == Slots{3});
}

TEST_CASE("buffers of events that nobody handles go back") {
  Rig rig;
  SECTION("no handler") { rig.event(kIn, {ref(7, 2, 50)}, Cursor{}); }
  SECTION("a damaged payload") {
    Frame frame{make_header(wire::FrameKind::event), {}, {}, {}};
    const auto buffer = ref(7, 2, 50);
    frame.buffers = std::as_bytes(std::span(&buffer, 1));
    frame.header.mutate_port(kIn);
    frame.header.mutate_topic(id_of(wire::Topic::display_frame));
    say(rig.fd(), frame);
  }
  SECTION("a pool that this device does not have") { rig.show({ref(8, 2, 50)}); }
  const auto frames = rig.heard();
  REQUIRE_FALSE(frames.empty());
  CHECK(frames.back().kind() == wire::FrameKind::release);
  CHECK(slots_of(frames.back()) == Slots{2});
  CHECK_FALSE(rig.context().finished());
}

TEST_CASE("what is forwarded is published before it is released") {
  Rig rig;
  Lease kept;
  rig.handle = [&](const DisplayFrame& frame, const EventInfo& info) {
    REQUIRE(rig.out.forward(info));
    MediaPacket packet;
    packet.codec = "raw";
    REQUIRE(rig.out.forward(info, packet, kFlagDelta));
    kept = info.keep(0);
    REQUIRE(rig.out.forward(kept, frame, 99));
  };
  DisplayFrame frame;
  frame.width = 640;
  rig.event(kIn, {ref(7, 2, 50, 3)}, frame);
  auto frames = rig.heard();
  REQUIRE(names_of(frames) == "event event event applied");
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(frames[i].buffers.size() == 1);
    CHECK(frames[i].buffers[0].slot() == 2);
    CHECK(frames[i].buffers[0].generation() == 3);
    CHECK(frames[i].header.port() == 1);
    CHECK(frames[i].header.sequence() == i + 1);
  }
  CHECK(frames[0].as<DisplayFrame>().width == 640);
  CHECK(frames[0].header.capture_ns() == 1001);
  CHECK(frames[1].as<MediaPacket>().codec == "raw");
  CHECK(frames[1].header.capture_ns() == 1001);
  CHECK(frames[1].header.flags() == kFlagDelta);
  CHECK(frames[2].header.capture_ns() == 99);
  kept.release();
  CHECK(names_of(rig.heard()) == "release");
  CHECK(rig.out.forward(kept, frame).error().code() == Errc::invalid);
}

TEST_CASE("every event of a port may be forwarded as it came") {
  Rig rig;
  rig.in.on_any([&](const Frame& frame, const EventInfo& info) {
    CHECK(&frame == &info.frame);
    REQUIRE(rig.out.forward(info));
  });
  rig.event(kIn, {ref(7, 1, 8)}, Cursor{});
  CHECK(names_of(rig.heard()) == "event applied release");
}

TEST_CASE("a pool closes at once; what a lease holds stays mapped") {
  Rig rig;
  Lease kept;
  rig.handle = [&](const DisplayFrame&, const EventInfo& info) { kept = info.keep(0); };
  rig.show({ref(7, 2, 50)});
  rig.heard();
  rig.put(2 * kStride, std::byte{5});
  rig.close(7);
  CHECK(names_of(rig.heard()) == "pool_closed");
  CHECK(kept.bytes()[0] == std::byte{5});
  rig.close(99);  // one that never was: the kernel has asked
  CHECK(names_of(rig.heard()) == "pool_closed");
}

TEST_CASE("a closed port returns nothing: the kernel has it back") {
  Rig rig;
  Lease kept;
  rig.handle = [&](const DisplayFrame&, const EventInfo& info) {
    kept = info.keep(0);
    REQUIRE(rig.context().close_port(kIn));
  };
  rig.show({ref(7, 2, 50), ref(7, 1, 50)});
  CHECK(names_of(rig.heard()) == "port_close");
  CHECK(kept.bytes().size() == 50);
  CHECK(rig.out.forward(kept, DisplayFrame{}).error().code() == Errc::invalid);
  kept.release();
  CHECK(rig.heard().empty());
}

TEST_CASE("a lease outlives its device, and says nothing to anyone") {
  Lease kept;
  {
    Rig rig;
    rig.handle = [&](const DisplayFrame&, const EventInfo& info) { kept = info.keep(0); };
    rig.show({ref(7, 2, 50)});
    rig.heard();
    rig.put(2 * kStride, std::byte{5});
    rig.end();
  }
  CHECK(kept.bytes()[0] == std::byte{5});
}

TEST_CASE("buffers that lie outside of their slot end the device") {
  const wire::BufferRef lies[] = {
      ref(7, 4, 1),
      ref(7, 0, kStride + 1),
      {7, 0, 1, 0, 0, kStride, 1},
      {7, 1, 1, 0, 0, 0, 1},
      {7, 0, 1, 0, 0, 1, ~std::uint64_t{0}},
      {7, 0, 1, 0, 0, ~std::uint64_t{0}, 2},
  };
  const auto& lie = lies[GENERATE(range(0, 6))];
  Rig rig;
  bool handled = false;
  rig.handle = [&](const DisplayFrame&, const EventInfo&) { handled = true; };
  rig.show({lie});
  rig.settle();
  CHECK(rig.context().finished());
  CHECK(rig.context().exit_status() == 1);
  CHECK_FALSE(handled);
}

TEST_CASE("a pool that is opened twice, or is smaller than it says, ends a consumer") {
  Rig rig;
  SECTION("twice") { rig.open(rig.pool(7, false, 4, kIn), for_reading(rig.memory)); }
  SECTION("smaller") { rig.open(rig.pool(8, false, 5, kIn), for_reading(rig.memory)); }
  SECTION("without memory") { rig.open(rig.pool(8, false, 4, kIn), {}); }
  CHECK(rig.context().finished());
  CHECK(rig.context().exit_status() == 1);
}

TEST_CASE("no descriptor is left of pools that are mapped") {
  Rig rig;
  const std::size_t before = open_fds();
  rig.open(rig.pool(8, false, 4, kIn), for_reading(rig.memory));
  CHECK(open_fds() == before);
}
