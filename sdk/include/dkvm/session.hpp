#pragma once

#include <dkvm/detail/stream.hpp>
#include <dkvm/manifest.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/result.hpp>
#include <dkvm/time.hpp>
#include <dkvm/topics.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>

namespace dkvm {

// What a frame is addressed with; the rest of its header is made here.
struct Envelope {
  wire::FrameKind kind = wire::FrameKind::none;
  std::uint16_t port = 0;
  TopicId topic = 0;
  std::uint16_t flags = 0;
  std::uint64_t sequence = 0;
  std::uint64_t capture_ns = 0;
  Bytes buffers{};  // whole BufferRefs, at most kBuffersPerFrameMax
  Bytes hops{};     // whole HopStamps, at most kHopsMax; of links only
};

// A device's side of the stream to its kernel: writes frames, knows who the
// device is and which number each topic has. Who reads feeds it what it must know.
class Session {
 public:
  // Life: the descriptors outlive the session.
  Session(int in, int out) : stream_(in, out) {}

  detail::Stream& stream() { return stream_; }
  const detail::Stream& stream() const { return stream_; }

  // Errors: Errc::invalid for a payload that no frame can carry, those of
  //         detail::Stream::write().
  Result<> send(const Envelope& envelope, Bytes payload = {}) {
    DKVM_CHECK(check_size(payload));
    return stream_.write(frame_of(envelope, payload));
  }

  // The same, with the payload and the origin of another frame.
  Result<> relay(const Envelope& envelope, const Frame& from) {
    DKVM_CHECK(check_size(from.payload));
    Frame frame = frame_of(envelope, from.payload);
    frame.header.mutate_origin_kernel(from.header.origin_kernel());
    frame.header.mutate_origin_device(from.header.origin_device());
    frame.header.mutate_origin_incarnation(from.header.origin_incarnation());
    frame.header.mutate_origin_sequence(from.header.origin_sequence());
    return stream_.write(frame);
  }

  // The same with a table as its payload.
  template <class Native>
  Result<> send_table(const Envelope& envelope, const Native& value) {
    return send(envelope, writer_.write(value));
  }

  // Says who the device is; the first frame.
  Result<> hello(const Manifest& manifest) {
    wire::HelloT hello;
    hello.protocol_min = hello.protocol_max = kProtocolVersion;
    hello.type = manifest.type;
    hello.version = manifest.version;
    hello.fds = manifest.fds;
    hello.cleanup = manifest.cleanup;
    for (const auto& port : manifest.ports)
      hello.ports.push_back(std::make_unique<wire::PortSpecT>(spec_of(port)));
    DKVM_CHECK(send_table({.kind = wire::FrameKind::hello}, hello));
    return stream_.flush();
  }

  // The payload of `welcome` has come.
  // Errors: Errc::corrupt, Errc::unsupported for a protocol that is not ours.
  Result<> welcomed(Bytes payload) {
    DKVM_TRY(welcome_, read_payload<wire::WelcomeT>(payload));
    if (welcome_.protocol != kProtocolVersion)
      return fail(Errc::unsupported,
                  "the kernel speaks protocol " + std::to_string(welcome_.protocol) +
                      "; this device speaks " + std::to_string(kProtocolVersion));
    learn(welcome_.topics);
    return {};
  }

  // The payload of `topics` has come.
  // Errors: Errc::corrupt.
  Result<> learn_topics(Bytes payload) {
    DKVM_TRY(const wire::TopicsT topics, read_payload<wire::TopicsT>(payload));
    learn(topics.topics);
    return {};
  }

  // Empty until welcomed().
  const wire::WelcomeT& welcome() const { return welcome_; }

  // 0 when neither well known nor interned by this kernel.
  TopicId topic_id(std::string_view name) const {
    if (const auto known = well_known_topic(name)) return *known;
    const auto found = topics_.find(std::string(name));
    return found == topics_.end() ? TopicId{0} : found->second;
  }

  // Empty for a number that is neither.
  std::string topic_name(TopicId id) const {
    if (id < kCustomTopicFirst) return std::string(well_known_name(id));
    for (const auto& [name, known] : topics_)
      if (known == id) return name;
    return {};
  }

  // A port as hello and port_open tell of it.
  static wire::PortSpecT spec_of(const PortManifest& port) {
    wire::PortSpecT spec;
    spec.id = port.id;
    spec.name = port.name;
    spec.direction = port.direction;
    spec.topics = port.topics;
    spec.live = port.live;
    spec.injects = port.injects;
    spec.peer = port.peer;
    return spec;
  }

 private:
  static Result<> check_size(Bytes payload) {
    if (payload.size() <= kPayloadBytesMax) return {};
    return fail(Errc::invalid, "a payload of " + std::to_string(payload.size()) +
                                   " bytes is larger than a frame's, which is at most " +
                                   std::to_string(kPayloadBytesMax));
  }
  static Frame frame_of(const Envelope& envelope, Bytes payload) {
    Frame frame{make_header(envelope.kind), envelope.buffers, envelope.hops, payload};
    frame.header.mutate_port(envelope.port);
    frame.header.mutate_topic(envelope.topic);
    frame.header.mutate_flags(envelope.flags);
    frame.header.mutate_sequence(envelope.sequence);
    frame.header.mutate_capture_ns(envelope.capture_ns);
    return frame;
  }

  void learn(const std::vector<std::unique_ptr<wire::TopicNameT>>& topics) {
    for (const auto& topic : topics) topics_[topic->name] = topic->id;
  }

  detail::Stream stream_;
  PayloadWriter writer_;
  wire::WelcomeT welcome_;
  std::unordered_map<std::string, TopicId> topics_;
};

}  // namespace dkvm
