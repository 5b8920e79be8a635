#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>

#include <functional>

using namespace dkvm;

namespace {

template <class Native>
bool accepted(const Native& value) {
  PayloadWriter writer;
  return verify_table<typename Native::TableType>(writer.write(value));
}

wire::PortSpecT port_with(std::size_t topics, std::size_t name_bytes) {
  wire::PortSpecT port;
  port.name = std::string(name_bytes, 'p');
  port.topics.assign(topics, "key");
  return port;
}

wire::HelloT hello_with(std::size_t ports) {
  wire::HelloT hello;
  for (std::size_t i = 0; i < ports; ++i)
    hello.ports.push_back(std::make_unique<wire::PortSpecT>(port_with(1, 1)));
  return hello;
}

}  // namespace

TEST_CASE("a port's topics and names are bounded") {
  CHECK(accepted(port_with(kTopicsPerPortMax, kNameBytesMax)));
  CHECK_FALSE(accepted(port_with(kTopicsPerPortMax + 1, kNameBytesMax)));
  CHECK_FALSE(accepted(port_with(kTopicsPerPortMax, kNameBytesMax + 1)));
  wire::PortSpecT port = port_with(1, 1);
  port.topics = {std::string(kNameBytesMax + 1, 't')};
  CHECK_FALSE(accepted(port));
}

TEST_CASE("the ports of a hello are bounded, and each of them") {
  CHECK(accepted(hello_with(kPortsPerHelloMax)));
  CHECK_FALSE(accepted(hello_with(kPortsPerHelloMax + 1)));
  wire::HelloT hello = hello_with(1);
  hello.ports.front()->topics.assign(kTopicsPerPortMax + 1, "key");
  CHECK_FALSE(accepted(hello));
}

TEST_CASE("a port that opens at run time is bounded as one of hello") {
  wire::PortOpenT open;
  open.port = std::make_unique<wire::PortSpecT>(port_with(1, kNameBytesMax));
  CHECK(accepted(open));
  open.port->peer = std::string(kNameBytesMax + 1, 'p');
  CHECK_FALSE(accepted(open));
}

TEST_CASE("names of topics are bounded, in welcome and later") {
  wire::TopicsT topics;
  topics.topics.push_back(std::make_unique<wire::TopicNameT>());
  topics.topics.front()->name = std::string(kNameBytesMax, 't');
  CHECK(accepted(topics));
  topics.topics.front()->name += 't';
  CHECK_FALSE(accepted(topics));
  wire::WelcomeT welcome;
  welcome.topics = std::move(topics.topics);
  CHECK_FALSE(accepted(welcome));
}

TEST_CASE("all topics that a kernel may intern fit one welcome") {
  wire::WelcomeT welcome;
  welcome.kernel = welcome.device = std::string(kNameBytesMax, 'n');
  for (std::size_t i = 0; i < kCustomTopicsMax; ++i) {
    auto topic = std::make_unique<wire::TopicNameT>();
    topic->id = static_cast<TopicId>(kCustomTopicFirst + i);
    topic->name = std::string(kNameBytesMax, 't');
    welcome.topics.push_back(std::move(topic));
  }
  PayloadWriter writer;
  const Bytes payload = writer.write(welcome);
  CHECK(payload.size() <= kPayloadBytesMax);
  CHECK(read_payload<wire::WelcomeT>(payload));
}

TEST_CASE("a call that is within its limits fits a frame again, with its caller written in") {
  wire::RequestT request;
  request.target = std::string(kCallAddressBytesMax, 't');
  request.method = std::string(kNameBytesMax, 'm');
  request.body = std::string(kCallBodyBytesMax, 'b');
  CHECK(accepted(request));
  request.caller = std::string(kCallAddressBytesMax, 'c');
  PayloadWriter writer;
  CHECK(writer.write(request).size() <= kPayloadBytesMax);
  request.body += 'b';
  CHECK_FALSE(accepted(request));
}

TEST_CASE("an answer's body and message share one limit") {
  wire::ResponseT response;
  response.body = std::string(kCallBodyBytesMax - 10, 'b');
  response.message = std::string(10, 'm');
  CHECK(accepted(response));
  response.message += 'm';
  CHECK_FALSE(accepted(response));
}

TEST_CASE("lists of codes, monitors, chords and edges are bounded") {
  InputState state;
  state.pressed.assign(kInputCodesMax, 1);
  CHECK(accepted(state));
  state.pressed.push_back(1);
  CHECK_FALSE(accepted(state));

  Geometry geometry;
  for (std::size_t i = 0; i < kMonitorsMax; ++i)
    geometry.monitors.push_back(std::make_unique<wire::MonitorT>());
  CHECK(accepted(geometry));
  geometry.monitors.push_back(std::make_unique<wire::MonitorT>());
  CHECK_FALSE(accepted(geometry));

  Grab grab;
  grab.chords.push_back(std::make_unique<wire::ChordT>());
  grab.chords.front()->codes.assign(kCodesPerChordMax, 1);
  CHECK(accepted(grab));
  grab.chords.front()->codes.push_back(1);
  CHECK_FALSE(accepted(grab));
  grab.chords.clear();
  for (std::size_t i = 0; i <= kEdgesPerGrabMax; ++i)
    grab.edges.push_back(std::make_unique<wire::EdgeT>());
  CHECK_FALSE(accepted(grab));
}

// 20 KiB that would unpack to more than 100 MiB: every port is the same table,
// and every topic of it the same string.
TEST_CASE("a hello that repeats one long name everywhere is refused before it is unpacked") {
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString(std::string(8 * 1024, 'x'));
  const std::vector<flatbuffers::Offset<flatbuffers::String>> names(1000, name);
  const auto port =
      wire::CreatePortSpec(builder, 1, name, wire::Direction::source, builder.CreateVector(names));
  const std::vector<flatbuffers::Offset<wire::PortSpec>> ports(500, port);
  builder.Finish(wire::CreateHello(builder, 1, 1, name, name, builder.CreateVector(ports)));
  const Bytes payload(reinterpret_cast<const std::byte*>(builder.GetBufferPointer()),
                      builder.GetSize());
  REQUIRE(payload.size() < kPayloadBytesMax);
  flatbuffers::Verifier verifier(flat_bytes(payload), payload.size());
  REQUIRE(verifier.VerifyBuffer<wire::Hello>(nullptr));
  const auto read = read_payload<wire::HelloT>(payload);
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == Errc::corrupt);
}
