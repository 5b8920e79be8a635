#include "devices/tcp/streams/input_incoming.hpp"
#include "tests/integration/tcp/rig.hpp"

using namespace dkvm;
using namespace dkvm::test;
using namespace dkvm::tcp;

namespace {

struct NoBulk final : BulkHost {
  void arrived(BulkId, Arrival) override {}
  void granted(BulkId, Granted) override {}
  void done(BulkId, std::uint64_t) override {}
  void stream_closed(BulkId, std::uint64_t) override {}
  void closed(BulkId, const Error&) override {}
};

// As an honest peer would send it; it is as long as can be.
Frame input_state(std::uint64_t sequence, PayloadWriter& writer, const wire::HopStamp& hop) {
  wire::InputStateT state;
  for (std::uint16_t code = 1; code < kInputCodesMax; ++code) state.pressed.push_back(code);
  Frame frame{make_header(wire::FrameKind::event),
              {},
              std::as_bytes(std::span(&hop, 1)),
              writer.write(state)};
  frame.header.mutate_port(1);
  frame.header.mutate_topic(id_of(wire::Topic::input_state));
  frame.header.mutate_sequence(sequence);
  frame.header.mutate_capture_ns(now_ns());
  seal(frame);
  return frame;
}

}  // namespace

TEST_CASE("what the kernel does not read in time of a peer is lost, and counted as refused") {
  constexpr std::uint64_t kEventsMax = 10'000;
  Machine desk("desk", 11);
  NoBulk host;
  auto bulk = BulkThread::start(*desk.context, host);
  REQUIRE(bulk);
  PortIds port_ids;
  Loans loans;
  const LinkSelf self;
  PeerConfig laptop;
  laptop.name = "laptop";
  PeerLink link(*desk.context, desk.told, laptop, self, LinkLife::Role::listens, kCutPauseDefault);
  const PeerRules rules;
  Shared shared{*desk.context, link, port_ids, **bulk, loans, rules};
  wire::PortSpecT offer;
  offer.id = 1;
  offer.name = "keys";
  offer.topics = {"key", "input_state"};
  InputIncoming stream(shared, offer);
  stream.want({"laptop", "keys", wire::Direction::source, offer.topics});
  REQUIRE(stream.open());

  PayloadWriter writer;
  std::uint64_t sequence = 0;
  while (shared.drops.sum() == 0 && sequence < kEventsMax) {
    const wire::HopStamp hop(link.kernel_id(), now_ns(), now_ns(), now_ns());
    REQUIRE(stream.event(input_state(++sequence, writer, hop)));
  }
  CHECK(shared.drops.refused == 1);
  CHECK(shared.drops.sum() == 1);
}
