#include "tests/hostile/lie.hpp"

#include <cstdlib>
#include <random>

namespace dkvm::test {
namespace {

// 200 keys, a millisecond apart, and goodbye: everything after hello. The
// frames are the same for every way to write them.
LiarStream::Bits a_life(LiarStream& stream) {
  constexpr std::uint64_t kMs = 1'000'000;
  const std::uint64_t begin_ns = now_ns();
  LiarStream::Bits bits;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto code = static_cast<std::uint16_t>(16 + (i / 2) % 10);
    const auto event = stream.key(kKeysPort, i + 1, code, i % 2 == 0, begin_ns + i * kMs);
    bits.insert(bits.end(), event.begin(), event.end());
  }
  const auto stopped = LiarStream::frame(wire::FrameKind::stopped);
  bits.insert(bits.end(), stopped.begin(), stopped.end());
  return bits;
}

template <class NextSize>
int in_pieces(LiarStream& stream, NextSize&& next_size) {
  const auto put = [&](Bytes bits) {
    while (!bits.empty()) {
      const std::size_t size = std::min<std::size_t>(next_size(), bits.size());
      stream.put(bits.first(size));
      bits = bits.subspan(size);
    }
  };
  put(stream.table(wire::FrameKind::hello, honest_hello()));
  stream.await(wire::FrameKind::welcome);
  put(a_life(stream));
  return 0;
}

int whole(LiarStream& stream) {
  return in_pieces(stream, [] { return ~std::size_t{0}; });
}

int byte_by_byte(LiarStream& stream) {
  return in_pieces(stream, [] { return std::size_t{1}; });
}

int random_pieces(LiarStream& stream) {
  // The test chooses it: a device inherits no variable of ours.
  const char* seed_text = std::getenv("LIAR_SEED");
  const auto seed = static_cast<unsigned>(std::strtoul(seed_text ? seed_text : "1", nullptr, 10));
  return in_pieces(
      stream, [random = std::mt19937(seed)]() mutable { return std::size_t{1} + random() % 300; });
}

std::string long_name(std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kNameBytesMax - digits.size(), 'x') + digits;
}

// As many ports and topics as a device may have, nearly: all ports share one
// list of topics, or the hello would fit no frame.
int most_ports(LiarStream& stream) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<flatbuffers::String>> names;
  for (std::size_t topic = 0; topic < kTopicsPerPortMax; ++topic)
    names.push_back(builder.CreateString(long_name(topic)));
  const auto topics = builder.CreateVector(names);
  std::vector<flatbuffers::Offset<wire::PortSpec>> ports;
  for (std::uint16_t id = 1; id <= 250; ++id)
    ports.push_back(wire::CreatePortSpec(builder, id, builder.CreateString(long_name(id)),
                                         wire::Direction::source, topics));
  const auto all = builder.CreateVector(ports);
  const auto type = builder.CreateString("liar");
  builder.Finish(wire::CreateHello(builder, kProtocolVersion, kProtocolVersion, type, type, all));
  stream.put(LiarStream::frame(
      wire::FrameKind::hello,
      {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()}));
  stream.await(wire::FrameKind::welcome);
  return stream.live();
}

}  // namespace

std::vector<Lie> odd_truths() {
  return {{"whole", true, whole},
          {"byte-by-byte", true, byte_by_byte},
          {"random-pieces", true, random_pieces},
          {"most-ports", false, most_ports}};
}

}  // namespace dkvm::test
