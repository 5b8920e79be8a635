#include "devices/tcp/streams/checks.hpp"
#include "devices/tcp/streams/outgoing.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace dkvm;
using namespace dkvm::tcp;

namespace {

constexpr Ends kEnds{11, 22};

// A key that the peer's kernel sent.
struct Sent {
  PayloadWriter writer;
  std::vector<wire::HopStamp> hops{wire::HopStamp(22, 1, 2, 0)};
  Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(key(30, true))};

  Sent() {
    frame.header.mutate_topic(id_of(wire::Topic::key));
    frame.header.mutate_origin_kernel(22);
  }
  Result<> check() {
    frame.hops = std::as_bytes(std::span(hops));
    seal(frame);
    return check_event(frame, kEnds);
  }
};

wire::PortSpecT offer() {
  wire::PortSpecT spec;
  spec.id = 3;
  spec.name = "keys";
  spec.topics = {"key"};
  return spec;
}

Result<wire::PortSpecT> offered(const wire::PortSpecT& spec, std::uint16_t port = 3) {
  wire::PortOpenT open;
  open.port = std::make_unique<wire::PortSpecT>(spec);
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::port_open), {}, {}, writer.write(open)};
  frame.header.mutate_port(port);
  return read_offer(frame);
}

}  // namespace

TEST_CASE("An event of a peer passes when its stamps and its payload are in order") {
  Sent sent;
  CHECK(sent.check());
  SECTION("from a kernel behind the peer") {
    sent.hops.insert(sent.hops.begin(), wire::HopStamp(33, 1, 2, 0));
    sent.frame.header.mutate_origin_kernel(33);
    CHECK(sent.check());
  }
  SECTION("one of ours that comes back, which the router drops and counts") {
    sent.hops.insert(sent.hops.begin(), wire::HopStamp(11, 1, 2, 0));
    sent.frame.header.mutate_origin_kernel(11);
    CHECK(sent.check());
  }
}

TEST_CASE("A lie of a peer never reaches the kernel") {
  Sent sent;
  SECTION("no hop") { sent.hops.clear(); }
  SECTION("the last hop is somebody else") { sent.hops.push_back(wire::HopStamp(33, 1, 2, 0)); }
  SECTION("it says that it is of this kernel, where it never was") {
    sent.frame.header.mutate_origin_kernel(11);
  }
  SECTION("the payload is of another topic") {
    sent.frame.header.mutate_topic(id_of(wire::Topic::display_frame));
    sent.frame.payload = sent.frame.payload.first(8);
  }
  const auto checked = sent.check();
  REQUIRE(!checked);
  CHECK(checked.error().code() == Errc::corrupt);
}

TEST_CASE("Only what goes upstream may come upstream") {
  PayloadWriter writer;
  Frame frame{make_header(wire::FrameKind::upstream), {}, {}, writer.write(Refresh{})};
  frame.header.mutate_topic(id_of(wire::Topic::refresh));
  CHECK(check_upstream(frame));
  frame.header.mutate_topic(id_of(wire::Topic::key));
  CHECK_FALSE(check_upstream(frame));
  frame.header.mutate_topic(id_of(wire::Topic::geometry));
  frame.payload = frame.payload.first(4);
  CHECK_FALSE(check_upstream(frame));
}

TEST_CASE("A stream is offered with a number, a name and topics") {
  REQUIRE(offered(offer()));
  auto spec = offer();
  SECTION("another number than its frame") { spec.id = 4; }
  SECTION("no name") { spec.name = ""; }
  SECTION("a name that is a path") { spec.name = "../keys"; }
  SECTION("a sink") { spec.direction = wire::Direction::sink; }
  SECTION("no topics") { spec.topics = {}; }
  SECTION("a topic without a name") { spec.topics = {""}; }
  CHECK_FALSE(offered(spec));
}

TEST_CASE("Pictures and what may be large ride on the bulk connection, input and sound do not") {
  CHECK(rides_on_bulk({"display_frame", "cursor"}));
  CHECK(rides_on_bulk({"cursor"}));
  CHECK(rides_on_bulk({"media_packet"}));
  CHECK(rides_on_bulk({"clipboard"}));
  CHECK(rides_on_bulk({"*"}));
  CHECK(rides_on_bulk({"acme/pressure"}));
  CHECK_FALSE(rides_on_bulk({"key", "input_state"}));
  CHECK_FALSE(rides_on_bulk({"pointer_motion", "pointer_button", "pointer_scroll"}));
  CHECK_FALSE(rides_on_bulk({"audio_frame"}));
}
