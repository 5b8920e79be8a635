#include "tests/unit/sdk/screen_rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Rig = ScreenRig;

std::byte first_byte(const detail::Fd& memory, std::size_t at) {
  std::byte value{};
  REQUIRE(::pread(memory.get(), &value, 1, static_cast<off_t>(at)) == 1);
  return value;
}

}  // namespace

TEST_CASE("a device with frames says that it takes descriptors, one without does not") {
  Device screen("acme-screen", "");
  screen.source<DisplayFrame>({.name = "out"});
  CHECK(screen.manifest().fds);
  Device keys("acme-keys", "");
  keys.source<Key, InputState>({.name = "out"});
  CHECK_FALSE(keys.manifest().fds);
  keys.sink({.name = "own", .buffers = true}, {"acme/blob"});
  CHECK(keys.manifest().fds);
}

TEST_CASE("a pool is asked for, mapped, and its slots are borrowed and published") {
  Rig rig;
  REQUIRE(rig.out.open_pool({.slot_bytes = 100, .slots = 2}));
  auto frames = rig.heard();
  REQUIRE(names_of(frames) == "request");
  const auto request = frames[0].as<wire::RequestT>();
  CHECK(request.target == "kernel");
  CHECK(request.method == "memory.pool");
  CHECK(request.body == R"({"port":1,"slot_bytes":100,"slots":2,"memory":"memfd"})");
  CHECK(rig.out.borrow().error().code() == Errc::exhausted);
  rig.answer(frames[0].header.sequence(), R"({"pool": 7, "slot_count": 4})");
  const auto memory = rig.open_granted(7, {3});
  CHECK(rig.refills == 1);

  auto slot = rig.out.borrow();
  REQUIRE(slot);
  CHECK(slot->pool() == 7);
  CHECK(slot->index() == 3);
  REQUIRE(slot->bytes().size() == 100);
  slot->bytes()[0] = std::byte{99};
  DisplayFrame frame;
  frame.width = 5;
  REQUIRE(rig.out.publish(std::move(*slot), 60, frame, 1234, kFlagDelta));
  frames = rig.heard();
  REQUIRE(names_of(frames) == "event");
  CHECK(frames[0].header.sequence() == 1);
  CHECK(frames[0].header.capture_ns() == 1234);
  CHECK(frames[0].header.flags() == kFlagDelta);
  CHECK(frames[0].as<DisplayFrame>().width == 5);
  REQUIRE(frames[0].buffers.size() == 1);
  CHECK(frames[0].buffers[0].slot() == 3);
  CHECK(frames[0].buffers[0].generation() == 1);
  CHECK(frames[0].buffers[0].offset() == 3 * kStride);
  CHECK(frames[0].buffers[0].length() == 60);
  CHECK(first_byte(memory, 3 * kStride) == std::byte{99});

  CHECK_FALSE(rig.out.borrow());
  CHECK(rig.out.exhausted() == 2);
  rig.grant(1, {ref(7, 3, 100, 2)});
  CHECK(rig.refills == 2);
  CHECK(rig.out.borrow());
}

TEST_CASE("a pool that is opened before the answer to its call is the one that was asked for") {
  Rig rig;
  int attached = 0;
  const auto call = rig.ask({.slot_bytes = 100, .attach = [&](const PoolView& view) {
                               attached += view.slot_bytes == 100 ? 1 : 100;
                               return Result<>{};
                             }});
  rig.open(rig.pool(7, true), make_memory(4 * kStride));
  CHECK(attached == 0);
  rig.answer(call, R"({"pool":7})");
  CHECK(names_of(rig.heard()) == "pool_mapped");
  CHECK(attached == 1);
}

TEST_CASE("a slot that is dropped, or cannot be published, is back in stock") {
  Rig rig;
  rig.opened();
  for (int i = 0; i < 10; ++i) REQUIRE(rig.out.borrow());
  for (const std::size_t length : {std::size_t{0}, std::size_t{101}}) {
    auto slot = rig.out.borrow();
    REQUIRE(slot);
    const auto refused = rig.out.publish(std::move(*slot), length, DisplayFrame{});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::invalid);
  }
  std::vector<Slot> all;
  while (auto slot = rig.out.borrow()) all.push_back(std::move(*slot));
  CHECK(all.size() == 3);
  CHECK(rig.heard().empty());
}

TEST_CASE("publishing is one frame in one write") {
  Rig rig;
  rig.opened();
  auto slot = rig.out.borrow();
  REQUIRE(slot);
  REQUIRE(rig.out.publish(std::move(*slot), 100, DisplayFrame{}));
  REQUIRE_FALSE(readable(rig.fd()));  // nothing before the batch
  rig.settle();
  DisplayFrame again;
  auto next = rig.out.borrow();
  REQUIRE(next);
  REQUIRE(rig.out.publish(std::move(*next), 100, again));
  rig.settle();
  CHECK(names_of(rig.heard()) == "event event");
}

TEST_CASE("helpers are attached to every pool of the port before it is sealed, and taken off") {
  Rig rig;
  std::vector<std::string> steps;
  PoolOptions options{.slot_bytes = 100};
  options.attach = [&](const PoolView& view) {
    steps.push_back("attach " + std::to_string(view.pool));
    CHECK(view.fd >= 0);
    CHECK(view.bytes.size() == 4 * kStride);
    CHECK(view.stride == kStride);
    CHECK(view.slot_bytes == 100);
    CHECK(view.slot_count == 4);
    CHECK_FALSE(readable(rig.fd()));  // pool_mapped is not said yet
    return Result<>{};
  };
  options.detach = [&](const PoolView& view) {
    steps.push_back("detach " + std::to_string(view.pool));
    CHECK(view.fd == -1);
  };
  rig.opened(7, options);
  rig.open_granted(8);
  rig.close(7);
  CHECK(steps == std::vector<std::string>{"attach 7", "attach 8", "detach 7"});
  rig.end();
  CHECK(steps.back() == "detach 8");
}

TEST_CASE("a helper that cannot be attached ends the device with its reason") {
  Rig rig;
  rig.answer(rig.ask({.slot_bytes = 100,
                      .attach = [](const PoolView&) -> Result<> {
                        return fail(Errc::disconnected, "the X server is gone");
                      }}),
             R"({"pool":7})");
  rig.open(rig.pool(7, true), make_memory(4 * kStride));
  CHECK(rig.has_ended());
  CHECK(rig.context().exit_status() == 1);
}

TEST_CASE("slots come from the larger pool once it has some; the old one closes with its last") {
  Rig rig;
  rig.opened();
  auto old = rig.out.borrow();
  REQUIRE(old);
  const auto memory = make_memory(4 * kStride);
  rig.open(rig.pool(8, true), memory);
  CHECK(names_of(rig.heard()) == "pool_mapped");
  CHECK(rig.out.borrow()->pool() == 7);
  rig.grant(1, {ref(8, 0, 100)});
  CHECK(rig.out.borrow()->pool() == 8);

  rig.close(7);
  CHECK(rig.heard().empty());  // a slot of it is still in hands
  old->bytes()[0] = std::byte{1};
  REQUIRE(rig.out.publish(std::move(*old), 1, DisplayFrame{}));
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "event pool_closed");
  CHECK(frames[0].buffers.at(0).pool() == 7);
  CHECK(frames[1].as<wire::PoolIdT>().pool == 7);
}

TEST_CASE("a pool of which no slot is in hands closes at once") {
  Rig rig;
  rig.opened();
  rig.close(7);
  CHECK(names_of(rig.heard()) == "pool_closed");
  CHECK_FALSE(rig.out.borrow());
}

TEST_CASE("after another open_pool there are only slots of the new size") {
  Rig rig;
  rig.opened();
  const auto call = rig.ask({.slot_bytes = 200});
  CHECK_FALSE(rig.out.borrow());
  rig.answer(call, R"({"pool":8})");
  CHECK_FALSE(rig.out.borrow());
  rig.open_granted(8, {0, 1}, 200);
  REQUIRE(rig.out.borrow());
  CHECK(rig.out.borrow()->bytes().size() == 200);
}

TEST_CASE("a refused open_pool leaves the port what it had") {
  Rig rig;
  std::string refused;
  rig.out.on_pool_refused([&](const Error& error) { refused = error.message(); });
  rig.opened();
  rig.answer(rig.ask({.slot_bytes = 200}), "the budget is spent", wire::Code::exhausted);
  CHECK(refused == "the budget is spent");
  CHECK(rig.out.borrow()->bytes().size() == 100);
  CHECK_FALSE(rig.has_ended());
}

TEST_CASE("a device that does not care ends with the kernel's refusal") {
  Rig rig;
  rig.answer(rig.ask(), "the budget is spent", wire::Code::exhausted);
  CHECK(rig.has_ended());
  CHECK(rig.context().exit_status() == 1);
}

TEST_CASE("sizes that cannot be are refused before anybody is asked") {
  Rig rig;
  for (const auto& options :
       {PoolOptions{.slot_bytes = 0}, PoolOptions{.slot_bytes = 1, .slots = 0},
        PoolOptions{.slot_bytes = 1, .slots = kWriterSlotsMax + 1}}) {
    const auto asked = rig.out.open_pool(options);
    REQUIRE_FALSE(asked);
    CHECK(asked.error().code() == Errc::invalid);
  }
  CHECK(rig.heard().empty());
}

TEST_CASE("an allocated buffer comes once, and goes back when it is not published") {
  Rig rig;
  std::vector<Result<Slot>> got;
  const auto take = [&](Result<Slot> slot) { got.push_back(std::move(slot)); };
  rig.out.allocate(100, take);
  auto frames = rig.heard();
  REQUIRE(names_of(frames) == "request");
  CHECK(frames[0].as<wire::RequestT>().method == "memory.allocate");
  CHECK(frames[0].as<wire::RequestT>().body == R"({"port":1,"bytes":100})");
  rig.answer(frames[0].header.sequence(), R"({"pool":9})");
  rig.open(rig.pool(9, true, 1), make_memory(kStride));
  CHECK(names_of(rig.heard()) == "pool_mapped");
  rig.grant(1, {ref(9, 0, 100, 5)});
  REQUIRE(got.size() == 1);
  REQUIRE(got[0]);
  CHECK_FALSE(rig.out.borrow());  // it is not the port's
  got.clear();
  frames = rig.heard();
  REQUIRE(names_of(frames) == "request");
  CHECK(frames[0].as<wire::RequestT>().method == "memory.release");
  CHECK(frames[0].as<wire::RequestT>().body == R"({"port":1,"pool":9,"slot":0,"generation":5})");
  rig.close(9);
  CHECK(names_of(rig.heard()) == "pool_closed");

  rig.out.allocate(100, take);
  rig.answer(rig.heard().at(0).header.sequence(), "no room", wire::Code::exhausted);
  REQUIRE(got.size() == 1);
  CHECK(got[0].error().code() == Errc::exhausted);
}

TEST_CASE("pools that are not what they say end the device, and nothing is mapped") {
  Rig rig;
  const auto call = rig.ask();
  auto open = rig.pool(7, true);
  auto memory = make_memory(4 * kStride);
  std::string expected;
  SECTION("memory that is smaller") { memory = make_memory(4 * kStride - 1); }
  SECTION("no memory") { memory.reset(); }
  SECTION("no slots") { open.slot_count = 0; }
  SECTION("slots of nothing") { open.slot_bytes = 0; }
  SECTION("slots beyond the pool") { open.slot_count = 5; }
  SECTION("sizes whose product overflows") {
    open.slot_count = 0x8000'0000;
    open.slot_bytes = std::uint64_t{1} << 33;
  }
  SECTION("slots smaller than what was asked for") { open.slot_bytes = 99; }
  SECTION("another pool than the answer says") { open.pool = 6; }
  SECTION("a name that nobody has") {
    open.memory = wire::MemoryKind::named;
    open.name = "dkvm-no-such-memory";
    memory.reset();
  }
  SECTION("an answer without a number") {
    rig.answer(call, R"({"pool":"seven"})");
    CHECK(rig.has_ended());
    return;
  }
  rig.answer(call, R"({"pool":7})");
  rig.open(open, memory);
  CHECK(rig.has_ended());
  CHECK(rig.context().exit_status() != 0);
  for (const auto& frame : rig.heard()) CHECK(frame.kind() != wire::FrameKind::pool_mapped);
}

TEST_CASE("slots that a pool does not have end the device") {
  Rig rig;
  rig.opened();
  const std::vector<wire::BufferRef> lies[] = {
      {ref(7, 4, 100)},                         // beyond the last
      {ref(7, 3, kStride + 1)},                 // longer than a slot
      {ref(7, 3, 99)},                          // shorter than was asked for
      {ref(7, 0, 100)},                         // granted already
      {ref(7, 3, 100), ref(7, 3, 100)},         // twice at once
      {{7, 3, 1, 0, 0, 2 * kStride, 100}},      // in another slot
      {{7, 3, 1, 0, 0, ~std::uint64_t{0}, 2}},  // at the end of the world
      {{7, 3, 1, 0, 0, 3 * kStride, ~std::uint64_t{0}}},
  };
  const auto& lie = lies[GENERATE(range(0, 8))];
  rig.grant(1, lie);
  CHECK(rig.has_ended());
  CHECK(rig.context().exit_status() == 1);
}

TEST_CASE("slots of a pool that is gone, or for a port that has none, are left alone") {
  Rig rig;
  rig.grant(1, {ref(7, 0, 100)});
  rig.grant(9, {ref(7, 0, 100)});
  rig.opened();
  rig.grant(1, {ref(6, 0, 100)});
  CHECK_FALSE(rig.has_ended());
}

TEST_CASE("a slot is published at the port that it is of, and nowhere else") {
  Rig rig;
  rig.opened();
  OutPort other({.id = 9, .name = "other", .topics = {"display_frame"}});
  auto opened = rig.context().open_source(other.manifest());
  REQUIRE(opened);
  rig.heard();
  auto slot = rig.out.borrow();
  REQUIRE(slot);
  const auto refused = (*opened)->publish(std::move(*slot), 1, DisplayFrame{});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::invalid);
  CHECK(rig.heard().empty());
  CHECK_FALSE(rig.out.publish(Slot(), 1, DisplayFrame{}));
}

TEST_CASE("slots outlive their device, and say nothing to anyone") {
  Slot slot;
  {
    Rig rig;
    rig.opened();
    slot = std::move(*rig.out.borrow());
    rig.end();
    CHECK_FALSE(rig.out.borrow());
    CHECK_FALSE(rig.out.open_pool({.slot_bytes = 1}));
    CHECK_FALSE(rig.out.publish(Slot(), 1, DisplayFrame{}));
  }
  slot.bytes()[99] = std::byte{1};
  CHECK(slot.bytes()[99] == std::byte{1});
}
