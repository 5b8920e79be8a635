#include "tests/hostile/lie.hpp"

#include <random>

namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;
using Header = wire::FrameHeader;

// A ping whose header is wrong.
template <void (*Spoil)(Header&)>
int spoil(LiarStream& stream) {
  stream.enter();
  stream.put(LiarStream::frame(Kind::ping, {}, Spoil));
  return stream.live();
}

void wrong_magic(Header& header) { header.mutate_magic(0x0A0D0A0D); }
void other_layout(Header& header) { header.mutate_version(kFrameVersion + 1); }
void four_gigabytes(Header& header) { header.mutate_payload_size(0xFFFFFFFF); }
void seventeen_buffers(Header& header) { header.mutate_buffer_count(17); }
void nine_hops(Header& header) { header.mutate_hop_count(9); }
void no_kind(Header& header) { header.mutate_kind(0); }
void unknown_kind(Header& header) {
  header.mutate_kind(static_cast<std::uint8_t>(wire::FrameKind::MAX) + 1);
}

// A frame that only a kernel sends, or that is out of place.
template <Kind kind>
int send(LiarStream& stream) {
  stream.enter();
  stream.put(LiarStream::frame(kind));
  return stream.live();
}

template <Kind kind, std::uint16_t port>
int send_on(LiarStream& stream) {
  stream.enter();
  stream.put(LiarStream::frame(kind, {}, [](Header& header) {
    header.mutate_port(port);
    header.mutate_sequence(1);
  }));
  return stream.live();
}

int garbage(LiarStream& stream) {
  std::minstd_rand random(7);
  LiarStream::Bits bits(100'000);
  for (std::byte& bit : bits) bit = static_cast<std::byte>(random() >> 8);
  stream.put(bits);
  return stream.live();
}

int text(LiarStream& stream) {
  const std::string line =
      "Hello, I am a program that prints to its standard output, as one does.\n";
  stream.put(std::as_bytes(std::span(line)));
  return stream.live();
}

int padding(LiarStream& stream) {
  stream.enter();
  const std::string odd = "abc";
  auto bits = LiarStream::frame(Kind::ping, std::as_bytes(std::span(odd)));
  bits.back() = std::byte{1};
  stream.put(bits);
  return stream.live();
}

void put_half(LiarStream& stream) {
  stream.enter();
  const auto bits = stream.key(kKeysPort, 1, 30, true);
  stream.put(Bytes(bits).first(bits.size() / 2));
}

int half_a_frame_and_exit(LiarStream& stream) {
  put_half(stream);
  return 0;
}

int half_a_frame_and_close(LiarStream& stream) {
  put_half(stream);
  ::shutdown(STDOUT_FILENO, SHUT_WR);
  for (;;) ::pause();
}

// A frame that is never completed is only slow.
int half_a_frame_and_wait(LiarStream& stream) {
  put_half(stream);
  for (;;) ::pause();
}

int event_before_hello(LiarStream& stream) {
  stream.put(stream.key(kKeysPort, 1, 30, true));
  return stream.live();
}

int event_before_welcome(LiarStream& stream) {
  auto bits = stream.table(Kind::hello, honest_hello());
  const auto event = stream.key(kKeysPort, 1, 30, true);
  bits.insert(bits.end(), event.begin(), event.end());
  stream.put(bits);
  return stream.live();
}

}  // namespace

std::vector<Lie> lies_in_frames() {
  return {{"garbage", true, garbage},
          {"text", false, text},
          {"wrong-magic", true, spoil<wrong_magic>},
          {"other-layout", true, spoil<other_layout>},
          {"four-gigabytes", true, spoil<four_gigabytes>},
          {"seventeen-buffers", true, spoil<seventeen_buffers>},
          {"nine-hops", true, spoil<nine_hops>},
          {"no-kind", true, spoil<no_kind>},
          {"unknown-kind", true, spoil<unknown_kind>},
          {"padding", true, padding},
          {"half-a-frame-and-exit", true, half_a_frame_and_exit},
          {"half-a-frame-and-close", true, half_a_frame_and_close},
          {"half-a-frame-and-wait", true, half_a_frame_and_wait},
          {"event-before-hello", true, event_before_hello},
          {"event-before-welcome", true, event_before_welcome},
          {"sends-welcome", true, send<Kind::welcome>},
          {"sends-pool-open", true, send<Kind::pool_open>},
          {"sends-pool-close", true, send<Kind::pool_close>},
          {"sends-slots", true, send<Kind::slots>},
          {"sends-stop", true, send<Kind::stop>},
          {"sends-topics", true, send<Kind::topics>},
          {"pool-mapped", true, send<Kind::pool_mapped>},
          {"pool-closed", true, send<Kind::pool_closed>},
          {"release", true, send<Kind::release>},
          {"port-open", true, send<Kind::port_open>},
          {"port-close", true, send_on<Kind::port_close, kKeysPort>},
          {"applied-on-source", true, send_on<Kind::applied, kKeysPort>},
          {"applied-on-no-port", true, send_on<Kind::applied, kNoPort>},
          {"pause-on-source", true, send_on<Kind::pause, kKeysPort>},
          {"resume-on-no-port", true, send_on<Kind::resume, kNoPort>}};
}

}  // namespace dkvm::test
