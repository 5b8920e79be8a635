#pragma once

#include "kernel/channel/channel.hpp"
#include "kernel/memory_manager/memory_manager.hpp"
#include "kernel/session/port_table.hpp"
#include "pipelines/router.hpp"

#include <dkvm/payload.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// Who a session is for, from the device's start on.
struct SessionIdentity {
  DeviceId device = 0;
  std::string name;
  std::uint32_t incarnation = 0;
  std::string kernel;
  std::uint64_t kernel_id = 0;
  std::optional<Manifest> manifest;  // none: an exec device that nobody asked
};

// What a session tells the kernel. Any of them may end the device, but none
// destroys the session during the call.
class SessionHost {
 public:
  virtual ~SessionHost() = default;

  virtual void on_alive(DeviceId device) = 0;
  // It is who it should be; let_in() makes it run. cleanup: it knows --cleanup.
  virtual void on_hello(DeviceId device, bool cleanup) = 0;
  // permanent: trying again as it stands changes nothing.
  virtual void on_refused(DeviceId device, const Error& error, bool permanent) = 0;
  virtual void on_violation(DeviceId device, const Error& error) = 0;
  // torn: in the middle of a frame.
  virtual void on_stream_closed(DeviceId device, const Error& error, bool torn) = 0;
  // It has answered the ping that came with its welcome: it is at work.
  virtual void on_started(DeviceId device) = 0;
  virtual void on_stopped_frame(DeviceId device) = 0;
  // Ports came or went while it ran.
  virtual void on_ports([[maybe_unused]] DeviceId device) {}
  virtual void on_call(DeviceId device, const Frame& frame) = 0;  // request, response, cancel
  // Everything that came in one read has been handled: act on what came of it.
  virtual void on_turn_end() = 0;
};

// What all sessions work with. Life: outlives them.
struct SessionParts {
  Router& router;
  MemoryManager& memory;
  TopicTable& topics;
  SessionHost& host;
};

// One incarnation of a device on its stream: who may say what, when. Every
// payload is verified here, before anyone else sees it.
// Source: docs/protocol.md, "The life of a device" and "What ends a device".
class DeviceSession final : public ChannelOwner {
 public:
  DeviceSession(SessionIdentity identity, Loop& loop, UniqueFd stream, ChannelScratch& scratch,
                const SessionParts& parts);
  ~DeviceSession() override;

  // Queues a frame of the kernel's own, sent at the next flush(); fd, if any, rides
  // on it.
  template <class Native>
  void send(wire::FrameHeader header, const Native& value, SharedFd fd = nullptr) {
    send_frame({header, {}, {}, writer_.write(value)}, std::move(fd));
  }
  void send(wire::FrameHeader header) { send_frame({header, {}, {}, {}}); }
  void send_frame(const Frame& frame, SharedFd fd = nullptr);

  // Welcomes a device that has said hello, and pings it: from here on its ports
  // are open.
  void let_in();

  // The stop frame goes out behind everything that is queued, at a flush() that
  // has room for it.
  void stop_in_order(std::string reason, std::uint32_t deadline_ms);
  // Queues what topics were interned since the last time.
  void tell_topics();

  void flush() { channel_.flush(); }
  // Reads what is there without waiting, as when the process has just died.
  void drain();
  void close();

  // Codes that are down at this device, or whose up it has not applied; after
  // close() those of its last moment.
  std::vector<std::uint16_t> codes_to_release() const;

  bool running() const { return state_ == State::running; }
  std::size_t backlog() const { return channel_.backlog(); }
  // It said in its hello that it takes descriptors with pool_open.
  bool takes_fds() const { return takes_fds_; }
  const SessionIdentity& identity() const { return identity_; }
  const PortTable& ports() const { return ports_; }

 private:
  enum class State : std::uint8_t { greeting, admitted, running, over };

  bool on_frame(const Frame& frame, std::uint64_t received_ns) override;
  void on_turn_end() override;
  std::size_t fill(std::span<std::byte> out, std::size_t budget) override;
  void on_closed(const Error& error, bool torn) override;

  Result<> greet(const Frame& frame);
  Result<> admit(const wire::HelloT& hello);
  Result<> take(const Frame& frame, std::uint64_t received_ns);
  Result<> take_event(const Frame& frame, std::uint64_t received_ns);
  Result<> publish_buffers(const Frame& frame, std::uint64_t received_ns);
  Result<> take_upstream(const Frame& frame);
  Result<> take_release(const Frame& frame, std::uint64_t now);
  Result<> take_pool(const Frame& frame, std::uint64_t now);
  Result<> take_port(const Frame& frame, std::uint64_t now);
  Result<> sink_only(const Frame& frame, std::uint64_t now_ns,
                     void (Router::*act)(PortRef, std::uint64_t));
  std::string name_of(TopicId topic) const;
  void violate(const Error& error);
  PortRef ref(const Frame& frame) const { return {identity_.device, frame.header.port()}; }

  struct PendingStop {
    std::string reason;
    std::uint32_t deadline_ms = 0;
  };

  SessionIdentity identity_;
  Router& router_;
  MemoryManager& memory_;
  TopicTable& topics_;
  SessionHost& host_;
  State state_ = State::greeting;
  bool relays_ = false;
  bool takes_fds_ = false;
  bool started_ = false;
  PortTable ports_;
  std::size_t topics_told_ = 0;
  bool owes_pong_ = false;
  std::optional<PendingStop> stop_;
  std::vector<std::uint16_t> left_down_;
  PayloadWriter writer_;
  Channel channel_;
};

}  // namespace dkvm
