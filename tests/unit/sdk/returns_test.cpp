#include <dkvm/detail/closed_pools.hpp>
#include <dkvm/detail/returns.hpp>

#include "tests/unit/sdk/screen_rig.hpp"

using namespace dkvm;
using namespace dkvm::test;

namespace {

// A session whose kernel does not read until it is told to.
struct Stuck {
  Stuck() {
    const std::vector<std::byte> bytes(1000);
    while (session.stream().pending() + 2000 < detail::Stream::kOutputBytesMax) send(bytes.size());
    const std::size_t header = sizeof(wire::FrameHeader);
    send(detail::Stream::kOutputBytesMax - session.stream().pending() - header);
  }
  void send(std::size_t bytes) {
    const std::vector<std::byte> payload(bytes);
    REQUIRE(session.send({.kind = wire::FrameKind::event}, payload));
  }
  // Reads all; the slots that were released and the pools that were closed.
  std::vector<std::uint32_t> read() {
    std::vector<std::byte> bytes;
    while (session.stream().pending() != 0 || readable(pair.kernel.get())) {
      std::vector<std::byte> some(64 * 1024);
      const ssize_t got = ::recv(pair.kernel.get(), some.data(), some.size(), MSG_DONTWAIT);
      if (got > 0) bytes.insert(bytes.end(), some.begin(), some.begin() + got);
      REQUIRE(session.stream().flush());
    }
    std::vector<std::uint32_t> numbers;
    FrameDecoder decoder(bytes);
    for (Frame frame; decoder.next(frame);) {
      if (frame.kind() == wire::FrameKind::release)
        for (std::size_t i = 0; i < frame.header.buffer_count(); ++i)
          numbers.push_back(frame.buffer(i).slot());
      if (frame.kind() == wire::FrameKind::pool_closed)
        numbers.push_back(read_payload<wire::PoolIdT>(frame.payload)->pool);
    }
    return numbers;
  }

  Pair pair;
  Session session{pair.device.get(), pair.device.get()};
};

}  // namespace

TEST_CASE("releases that the stream does not take wait for the next time, none is lost") {
  Stuck stuck;
  detail::Returns returns(stuck.session, 1);
  for (std::uint32_t slot = 0; slot < 20; ++slot) returns.add(ref(7, slot, 1), 40);
  const auto refused = returns.write();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::overloaded);
  returns.give(ref(7, 20, 1));
  CHECK(stuck.read().empty());
  REQUIRE(returns.write());
  auto slots = stuck.read();
  CHECK(slots.size() == 21);
  for (std::uint32_t slot = 0; slot < slots.size(); ++slot) CHECK(slots[slot] == slot);
  REQUIRE(returns.write());
  CHECK(stuck.read().empty());
}

TEST_CASE("pool_closed that the stream does not take is said the next time, once") {
  Stuck stuck;
  detail::ClosedPools closed(stuck.session);
  closed.say(7);
  CHECK(stuck.read().empty());
  closed.say(8);
  REQUIRE(closed.write());
  CHECK(stuck.read() == std::vector<std::uint32_t>{7, 8});
}

TEST_CASE("an allocated buffer that finds too many calls waiting goes back later") {
  ScreenRig rig;
  std::vector<Result<Slot>> got;
  rig.out.allocate(100, [&](Result<Slot> slot) { got.push_back(std::move(slot)); });
  rig.answer(rig.heard().at(0).header.sequence(), R"({"pool":9})");
  rig.open(rig.pool(9, true, 1), make_memory(kStride));
  rig.grant(1, {ref(9, 0, 100)});
  REQUIRE(got.size() == 1);
  while (rig.context().call("kernel", "devices.list", "{}", {})) {
  }
  const auto calls = rig.heard();
  got.clear();
  CHECK(rig.heard().empty());
  rig.answer(calls.back().header.sequence(), "{}");
  const auto frames = rig.heard();
  REQUIRE(names_of(frames) == "request");
  CHECK(frames[0].as<wire::RequestT>().method == "memory.release");
  CHECK(rig.heard().empty());
}

TEST_CASE("having no slot costs no memory") {
  ScreenRig rig;
  const auto none = rig.out.borrow();
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Errc::exhausted);
  CHECK(none.error().message().size() <= std::string().capacity());
}
