#include "kernel/session/device_session.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace dkvm {
namespace {

// Events for a sink that presses keys wait in its queue, where motion can
// coalesce, and not in the stream.
constexpr std::size_t kInjectBudgetBytes = 4 * 1024;
constexpr int kInjectSendBytes = 8 * 1024;  // Linux doubles what it is told
constexpr std::size_t kBudgetBytes = 32 * 1024;

std::string_view kind_name(const Frame& frame) { return wire::EnumNameFrameKind(frame.kind()); }

Error unexpected(const Frame& frame, std::string_view why) {
  return Error(Errc::corrupt, fmt::format("it sent a frame '{}' {}", kind_name(frame), why));
}

}  // namespace

DeviceSession::DeviceSession(SessionIdentity identity, Loop& loop, UniqueFd stream,
                             ChannelScratch& scratch, const SessionParts& parts)
    : identity_(std::move(identity)),
      router_(parts.router),
      memory_(parts.memory),
      topics_(parts.topics),
      host_(parts.host),
      ports_(identity_.device),
      channel_(loop, std::move(stream), scratch, *this, kBudgetBytes) {}

DeviceSession::~DeviceSession() = default;

void DeviceSession::send_frame(const Frame& frame, SharedFd fd) {
  if (state_ != State::over) channel_.send(frame, std::move(fd));
}

void DeviceSession::stop_in_order(std::string reason, std::uint32_t deadline_ms) {
  stop_ = PendingStop{std::move(reason), deadline_ms};
}

void DeviceSession::on_turn_end() {
  if (std::exchange(owes_pong_, false)) flush();
  host_.on_turn_end();
}

void DeviceSession::tell_topics() {
  if (state_ != State::running || topics_told_ == topics_.size()) return;
  wire::TopicsT told;
  told.topics = topics_.since(std::exchange(topics_told_, topics_.size()));
  send(make_header(wire::FrameKind::topics), told);
}

void DeviceSession::drain() { channel_.read_all(); }

void DeviceSession::close() {
  if (state_ == State::running) {
    left_down_ = router_.codes_to_release(identity_.device);
    router_.device_down(identity_.device, now_ns());
  }
  state_ = State::over;
  channel_.close();
}

std::vector<std::uint16_t> DeviceSession::codes_to_release() const {
  return state_ == State::running ? router_.codes_to_release(identity_.device) : left_down_;
}

// What the router has comes first; the stop frame when that is empty.
std::size_t DeviceSession::fill(std::span<std::byte> out, std::size_t budget) {
  if (state_ != State::running) return 0;
  const std::size_t taken = router_.take(identity_.device, out, budget, now_ns());
  if (taken >= budget || !stop_) return taken;
  wire::StopT message;
  message.reason = stop_->reason;
  message.deadline_ms = stop_->deadline_ms;
  Frame frame{make_header(wire::FrameKind::stop), {}, {}, writer_.write(message)};
  seal(frame);
  stop_.reset();
  return taken + write_frame(out.data() + taken, frame);
}

bool DeviceSession::on_frame(const Frame& frame, std::uint64_t received_ns) {
  if (state_ == State::over) return false;
  host_.on_alive(identity_.device);
  const Result<> taken = state_ == State::running ? take(frame, received_ns) : greet(frame);
  if (!taken) violate(taken.error());
  return state_ != State::over;
}

void DeviceSession::on_closed(const Error& error, bool torn) {
  host_.on_stream_closed(identity_.device, error, torn);
}

void DeviceSession::violate(const Error& error) {
  if (state_ == State::over) return;
  close();
  host_.on_violation(identity_.device, error);
}

Result<> DeviceSession::greet(const Frame& frame) {
  if (state_ == State::admitted) return fail(unexpected(frame, "before its welcome"));
  if (frame.kind() != wire::FrameKind::hello) return fail(unexpected(frame, "before its hello"));
  const auto hello = read_payload<wire::HelloT>(frame.payload);
  if (auto admitted = hello ? admit(*hello) : fail(hello.error()); !admitted) {
    close();
    const bool permanent = admitted.error().code() != Errc::exhausted;
    host_.on_refused(identity_.device, std::move(admitted).error().within("its hello"), permanent);
    return {};
  }
  state_ = State::admitted;
  host_.on_hello(identity_.device, hello->cleanup);
  return {};
}

Result<> DeviceSession::admit(const wire::HelloT& hello) {
  if (hello.protocol_min > kProtocolVersion || hello.protocol_max < kProtocolVersion)
    return fail(Errc::unsupported,
                fmt::format("it speaks protocol {} to {}, this kernel {}", hello.protocol_min,
                            hello.protocol_max, kProtocolVersion));
  if (identity_.manifest) DKVM_CHECK(check_hello(hello, *identity_.manifest));
  relays_ = identity_.manifest && identity_.manifest->runtime_ports;
  takes_fds_ = hello.fds;
  bool injects = false;
  for (const auto& spec : hello.ports) {
    if (!spec->peer.empty())
      return fail(Errc::invalid, fmt::format("port '{}' has a peer, which only ports that open "
                                             "while the device runs have",
                                             spec->name));
    DKVM_CHECK(ports_.open(*spec, topics_));
    injects = injects || spec->injects;
  }
  if (injects) channel_.narrow(kInjectBudgetBytes, kInjectSendBytes);
  return {};
}

void DeviceSession::let_in() {
  if (state_ != State::admitted) return;
  state_ = State::running;
  wire::WelcomeT message;
  message.protocol = kProtocolVersion;
  message.kernel = identity_.kernel;
  message.kernel_id = identity_.kernel_id;
  message.device = identity_.name;
  message.device_id = identity_.device;
  message.incarnation = identity_.incarnation;
  message.topics = topics_.since(0);
  message.silence_ms = static_cast<std::uint32_t>(kKernelSilenceMax.count());
  topics_told_ = topics_.size();
  send(make_header(wire::FrameKind::welcome), message);
  send(make_header(wire::FrameKind::ping));
  std::vector<RoutedPort> ports;
  for (const RoutedPort* port : ports_.sorted()) ports.push_back(*port);
  router_.device_up(identity_.device, identity_.name, identity_.incarnation, relays_, ports,
                    now_ns());
}

Result<> DeviceSession::take(const Frame& frame, std::uint64_t received_ns) {
  using Kind = wire::FrameKind;
  switch (frame.kind()) {
    case Kind::event: return take_event(frame, received_ns);
    case Kind::applied:
      if (const RoutedPort* port = ports_.find(frame.header.port());
          port == nullptr || port->direction != wire::Direction::sink)
        return fail(unexpected(frame, "for a port that is not an open sink of its own"));
      router_.applied(ref(frame), frame.header.sequence(), received_ns);
      return {};
    case Kind::upstream: return take_upstream(frame);
    case Kind::request:
    case Kind::response:
    case Kind::cancel: host_.on_call(identity_.device, frame); return {};
    case Kind::pong:  // after the first one, being heard is all that it is for
      if (!std::exchange(started_, true)) host_.on_started(identity_.device);
      return {};
    case Kind::ping: {
      wire::FrameHeader pong = make_header(Kind::pong);
      pong.mutate_sequence(frame.header.sequence());
      send(pong);
      owes_pong_ = true;
      return {};
    }
    case Kind::pause: return sink_only(frame, received_ns, &Router::pause);
    case Kind::resume: return sink_only(frame, received_ns, &Router::resume);
    case Kind::port_open:
    case Kind::port_close: return take_port(frame, received_ns);
    case Kind::stopped: host_.on_stopped_frame(identity_.device); return {};
    case Kind::pool_mapped:
    case Kind::pool_closed: return take_pool(frame, received_ns);
    case Kind::release: return take_release(frame, received_ns);
    case Kind::hello: return fail(unexpected(frame, "twice"));
    case Kind::none:
    case Kind::welcome:
    case Kind::pool_open:
    case Kind::pool_close:
    case Kind::slots:
    case Kind::topics:
    case Kind::stop: break;
    case Kind::chunk: return fail(unexpected(frame, "that only links use among themselves"));
  }
  return fail(unexpected(frame, "that only a kernel sends"));
}

Result<> DeviceSession::take_event(const Frame& frame, std::uint64_t received_ns) {
  const wire::FrameHeader& header = frame.header;
  const RoutedPort* port = ports_.find(header.port());
  if (port == nullptr || port->direction != wire::Direction::source)
    return fail(unexpected(
        frame, fmt::format("from port {}, which is not an open source of its own", header.port())));
  if (!port->topics.contains(header.topic()))
    return fail(unexpected(frame, fmt::format("of the topic {}, which port '{}' did not declare",
                                              name_of(header.topic()), port->name)));
  if (header.hop_count() != 0 && !relays_)
    return fail(unexpected(frame, "with hop stamps, which only links may"));
  if (!verify_event(header.topic(), frame.payload))
    return fail(unexpected(frame, fmt::format("whose payload is no valid table of topic {}",
                                              name_of(header.topic()))));
  if (header.buffer_count() != 0) return publish_buffers(frame, received_ns);
  router_.publish(ref(frame), frame, received_ns);
  return {};
}

Result<> DeviceSession::publish_buffers(const Frame& frame, std::uint64_t received_ns) {
  DKVM_CHECK(memory_.publish(ref(frame), frame.buffers));
  router_.publish(ref(frame), frame, received_ns);
  memory_.published(frame.buffers, received_ns);
  return {};
}

Result<> DeviceSession::take_release(const Frame& frame, std::uint64_t now) {
  if (frame.header.buffer_count() == 0) return fail(unexpected(frame, "without a buffer"));
  return memory_.released(ref(frame), frame.buffers, now);
}

Result<> DeviceSession::take_pool(const Frame& frame, std::uint64_t now) {
  DKVM_TRY(const wire::PoolIdT message, read_payload<wire::PoolIdT>(frame.payload));
  return frame.kind() == wire::FrameKind::pool_mapped
             ? memory_.pool_mapped(identity_.device, message.pool, now)
             : memory_.pool_closed(identity_.device, message.pool, now);
}

// For people: a number where there is no name.
std::string DeviceSession::name_of(TopicId topic) const {
  std::string name = topics_.name(topic);
  return name.empty() || name == "?" ? fmt::format("{}", topic) : name;
}

Result<> DeviceSession::take_upstream(const Frame& frame) {
  const RoutedPort* port = ports_.find(frame.header.port());
  if (port == nullptr || port->direction != wire::Direction::sink)
    return fail(unexpected(frame, "from a port that is not an open sink of its own"));
  if (!verify_event(frame.header.topic(), frame.payload))
    return fail(unexpected(frame, "whose payload is no valid table of its topic"));
  return router_.upstream(ref(frame), frame, now_ns());
}

Result<> DeviceSession::take_port(const Frame& frame, std::uint64_t now) {
  if (!relays_) return fail(unexpected(frame, "though its manifest has no runtime_ports"));
  if (frame.kind() == wire::FrameKind::port_close) {
    if (!ports_.close(frame.header.port()))
      return fail(unexpected(frame, "for a port that is not open"));
    router_.port_down(ref(frame), now);
    memory_.port_gone(ref(frame), now);
    host_.on_ports(identity_.device);
    return {};
  }
  DKVM_TRY(const wire::PortOpenT message, read_payload<wire::PortOpenT>(frame.payload));
  if (!message.port) return fail(unexpected(frame, "without a port"));
  DKVM_TRY(RoutedPort port, ports_.open(*message.port, topics_));
  router_.port_up(identity_.device, std::move(port), now);
  host_.on_ports(identity_.device);
  return {};
}

Result<> DeviceSession::sink_only(const Frame& frame, std::uint64_t now_ns,
                                  void (Router::*act)(PortRef, std::uint64_t)) {
  const RoutedPort* port = ports_.find(frame.header.port());
  if (port == nullptr || port->direction != wire::Direction::sink)
    return fail(unexpected(frame, "for a port that is not an open sink of its own"));
  (router_.*act)(ref(frame), now_ns);
  return {};
}

}  // namespace dkvm
