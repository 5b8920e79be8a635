#include "tests/hostile/lie.hpp"

#include <cstring>

namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;
using Header = wire::FrameHeader;

template <std::uint16_t port>
int event_on(LiarStream& stream) {
  stream.enter();
  stream.put(stream.key(port, 1, 30, true));
  return stream.live();
}

int put_event(LiarStream& stream, wire::Topic topic, Bytes payload) {
  stream.put(LiarStream::frame(Kind::event, payload, [topic](Header& header) {
    header.mutate_port(kKeysPort);
    header.mutate_topic(id_of(topic));
  }));
  return stream.live();
}

int undeclared_topic(LiarStream& stream) {
  stream.enter();
  PayloadWriter writer;
  return put_event(stream, wire::Topic::clipboard, writer.write(wire::ClipboardT{}));
}

int empty_payload(LiarStream& stream) {
  stream.enter();
  return put_event(stream, wire::Topic::key, {});
}

int truncated_payload(LiarStream& stream) {
  stream.enter();
  PayloadWriter writer;
  wire::KeyT key;
  key.code = 30;
  key.text = "a text that is not there any more";
  const Bytes whole = writer.write(key);
  return put_event(stream, wire::Topic::key, whole.first(whole.size() / 2));
}

// The table's offset to its vtable points far outside, its root at the end.
int absurd_vtable(LiarStream& stream) {
  stream.enter();
  alignas(8) std::byte bits[64] = {};
  const std::uint32_t root = 8;
  const std::int32_t vtable = 0x7FFFFFFF;
  std::memcpy(bits, &root, sizeof(root));
  std::memcpy(bits + root, &vtable, sizeof(vtable));
  return put_event(stream, wire::Topic::key, bits);
}

// A vtable that names itself: fields inside their own description.
int vtable_in_itself(LiarStream& stream) {
  stream.enter();
  alignas(8) std::byte bits[64];
  std::memset(bits, 4, sizeof(bits));
  return put_event(stream, wire::Topic::key, bits);
}

template <std::size_t buffers, std::size_t hops>
int event_with(LiarStream& stream) {
  stream.enter();
  PayloadWriter writer;
  wire::KeyT key;
  key.code = 30;
  const std::vector<std::byte> attached(buffers * kBufferRefBytes + hops * kHopStampBytes);
  Frame frame{make_header(Kind::event), Bytes(attached).first(buffers * kBufferRefBytes),
              Bytes(attached).last(hops * kHopStampBytes), writer.write(key)};
  frame.header.mutate_port(kKeysPort);
  frame.header.mutate_topic(id_of(wire::Topic::key));
  LiarStream::Bits bits;
  append_frame(bits, frame);
  stream.put(bits);
  return stream.live();
}

int upstream_from_source(LiarStream& stream) {
  stream.enter();
  stream.put(stream.table(Kind::upstream, wire::RefreshT{}, [](Header& header) {
    header.mutate_port(kKeysPort);
    header.mutate_topic(id_of(wire::Topic::refresh));
  }));
  return stream.live();
}

int upstream_forged(LiarStream& stream) {
  stream.enter();
  const std::vector<std::byte> nonsense(24, std::byte{0xEE});
  stream.put(LiarStream::frame(Kind::upstream, nonsense, [](Header& header) {
    header.mutate_port(kInPort);
    header.mutate_topic(id_of(wire::Topic::geometry));
  }));
  return stream.live();
}

int hello_forged(LiarStream& stream) {
  const std::vector<std::byte> nonsense(40, std::byte{0xEE});
  stream.put(LiarStream::frame(Kind::hello, nonsense));
  return stream.live();
}

// Says that it has applied what it was never sent.
int applied_ahead(LiarStream& stream) {
  stream.enter();
  stream.put(LiarStream::frame(Kind::applied, {}, [](Header& header) {
    header.mutate_port(kInPort);
    header.mutate_sequence(~std::uint64_t{0});
  }));
  return stream.live();
}

}  // namespace

std::vector<Lie> lies_in_payloads() {
  return {{"event-on-sink-port", true, event_on<kInPort>},
          {"event-on-no-port", true, event_on<kNoPort>},
          {"event-on-kernel-port", true, event_on<kKernelPort>},
          {"undeclared-topic", true, undeclared_topic},
          {"empty-payload", true, empty_payload},
          {"truncated-payload", true, truncated_payload},
          {"absurd-vtable", true, absurd_vtable},
          {"vtable-in-itself", true, vtable_in_itself},
          {"event-with-buffer", true, event_with<1, 0>},
          {"event-with-hops", true, event_with<0, 1>},
          {"upstream-from-source", true, upstream_from_source},
          {"upstream-forged", true, upstream_forged},
          {"hello-forged", false, hello_forged},
          {"applied-ahead", true, applied_ahead}};
}

}  // namespace dkvm::test
