#include "tests/unit/sdk/screen_rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

using Rig = ScreenRig;

// A device that reads what it produces.
struct Mirror {
  Mirror() {
    in.on<DisplayFrame>([this](const DisplayFrame&, const EventInfo& info) {
      seen.push_back(info.bytes(0).size());
    });
  }
  Device device{"acme-mirror", "A test's mirror"};
  InPort& in = device.sink<DisplayFrame>({.name = "in"});
  std::vector<std::size_t> seen;
};

struct MirrorRig : Mirror, PoolRig {
  MirrorRig() : PoolRig(device) {}
};

constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kOut = 9;

std::shared_ptr<OutPort> open_out(MirrorRig& rig) {
  auto opened = rig.context().open_source(
      {.id = kOut, .name = "out", .direction = {}, .topics = {"display_frame"}});
  REQUIRE(opened);
  rig.heard();
  return *opened;
}

// Both roles of pool 7.
detail::Fd open_both(MirrorRig& rig, OutPort& out) {
  REQUIRE(out.open_pool({.slot_bytes = 100}));
  rig.answer(rig.heard().at(0).header.sequence(), R"({"pool":7})");
  auto memory = make_memory(4 * kStride);
  rig.open(rig.pool(7, true, 4, kOut), memory);
  REQUIRE(names_of(rig.heard()) == "pool_mapped");
  rig.open(rig.pool(7, false, 4, kIn), for_reading(memory));
  return memory;
}

}  // namespace

TEST_CASE("a pool that is closed before the answer to a call has one answer and is never mapped") {
  Rig rig;
  rig.opened();
  const auto call = rig.ask();
  const std::size_t before = open_fds();
  rig.open(rig.pool(8, true), make_memory(4 * kStride));  // unasked, larger
  rig.close(8);                                           // the call has overtaken it
  auto frames = rig.heard();
  REQUIRE(names_of(frames) == "pool_closed");
  CHECK(frames[0].as<wire::PoolIdT>().pool == 8);
  CHECK(open_fds() == before);
  rig.answer(call, R"({"pool":9})");
  CHECK(rig.heard().empty());
  rig.open_granted(9);
  CHECK(rig.out.borrow()->pool() == 9);
}

TEST_CASE("a slot that is held too long dies with its pool, and the device lives") {
  Rig rig;
  int detached = 0;
  PoolOptions options{.slot_bytes = 100};
  options.detach = [&](const PoolView&) { ++detached; };
  rig.opened(7, options);
  auto held = rig.out.borrow();
  REQUIRE(held);
  auto late = rig.out.borrow();
  REQUIRE(late);
  rig.open_granted(8);
  rig.close(7);
  REQUIRE(rig.heard().empty());
  const auto frames = rig.wait_heard();
  REQUIRE(names_of(frames) == "pool_closed");
  CHECK(frames[0].as<wire::PoolIdT>().pool == 7);
  CHECK(detached == 1);

  held->bytes()[99] = std::byte{1};
  CHECK(held->bytes()[99] == std::byte{1});
  const auto refused = rig.out.publish(std::move(*held), 1, DisplayFrame{});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::invalid);
  CHECK(refused.error().message().find("replaced") != std::string::npos);
  *late = Slot();
  CHECK(rig.heard().empty());
  auto again = rig.out.borrow();
  REQUIRE(again);
  CHECK(rig.out.publish(std::move(*again), 1, DisplayFrame{}));
  CHECK(names_of(rig.heard()) == "event");
  CHECK(detached == 1);
}

TEST_CASE("a port that is closed while its old pool waits for a slot still answers for the pool") {
  MirrorRig rig;
  const auto out = open_out(rig);
  const auto memory = open_both(rig, *out);
  rig.grant(kOut, {ref(7, 0, 100)});
  const auto held = out->borrow();
  REQUIRE(held);
  rig.close(7);
  REQUIRE(rig.heard().empty());
  REQUIRE(rig.context().close_port(kOut));
  CHECK(names_of(rig.heard()) == "pool_closed port_close");
}

TEST_CASE("a device that reads its own frames reads on when it closes their port") {
  MirrorRig rig;
  const auto out = open_out(rig);
  const auto memory = open_both(rig, *out);
  REQUIRE(rig.context().close_port(kOut));
  REQUIRE(names_of(rig.heard()) == "port_close");
  rig.close(7);  // as its producer
  REQUIRE(names_of(rig.heard()) == "pool_closed");
  rig.event(kIn, {ref(7, 2, 50)}, DisplayFrame{});
  CHECK(names_of(rig.heard()) == "applied release");
  CHECK(rig.seen == std::vector<std::size_t>{50});
  rig.close(7);  // as its reader
  CHECK(names_of(rig.heard()) == "pool_closed");
  rig.event(kIn, {ref(7, 2, 50)}, DisplayFrame{});
  rig.settle();
  CHECK(rig.seen == std::vector<std::size_t>{50, 0});
}
