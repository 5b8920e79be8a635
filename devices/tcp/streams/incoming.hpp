#pragma once

#include "devices/tcp/streams/shared.hpp"
#include "devices/tcp/streams/staleness.hpp"
#include "devices/tcp/streams/wanted.hpp"
#include "devices/tcp/transport/clock_offset.hpp"

#include <dkvm/time.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::tcp {

// A stream of the peer: a source port of this kernel.
// Life: a session of the link; shared outlives it.
class Incoming {
 public:
  Incoming(Shared& shared, wire::PortSpecT offer) : shared_(shared), offer_(std::move(offer)) {}
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  virtual ~Incoming() { close(); }

  const std::string& name() const { return offer_.name; }
  std::string address() const { return shared_.link.name() + "/" + offer_.name; }
  bool open() const { return port_ != nullptr; }
  virtual bool on_bulk() const = 0;

  // This kernel's pipelines want it, or do no more. The peer is told once the
  // port works.
  void want(const WantedStream& wanted);
  void unwant();
  // Numbers of topics may have become known: see want().
  void begin_if_ready();

  // An `event` frame, a `chunk` of its body, the size of slots that the peer needs.
  // Errors: Errc::corrupt: the peer breaks the rules.
  virtual Result<> event(const Frame& event) = 0;
  virtual Result<> chunk(const Frame& chunk) = 0;
  virtual Result<> need(std::uint64_t slot_bytes) = 0;

  // Our kernel is silent: the peer does not type into the void. Begins again at
  // begin_if_ready().
  void kernel_silent();
  // The peer is silent: what it holds down here is let go.
  void silent();
  // It is heard again: it is told of that.
  void heard();
  // Tells the peer how far this kernel has everything: when all that was relayed
  // has left.
  void confirm();
  bool unconfirmed() const { return confirmed_ != last_; }
  // After a new connection: whether it is taken, and up to where everything has come.
  virtual void tell_again();
  virtual void bulk_changed() {}

 protected:
  // How an event is to be relayed; nothing for one that is not.
  struct Admitted {
    Frame event;
    std::uint64_t capture_ns = 0;
  };
  Result<std::optional<Admitted>> admit(const Frame& event);
  // The peer's kernel is silent: what the stream holds is let go.
  // Errors: Errc::corrupt.
  Result<> let_go(const Frame& event);
  // What our kernel does not take is counted: it does not read, or the slot's pool is gone.
  void relay(const Admitted& admitted);
  // Life: of an event that was admitted, whose port is open. False: it is lost.
  bool relay(const Admitted& admitted, Slot slot, std::uint64_t bytes);
  // A message of this side's own against the stream.
  template <class Message>
  void say_upstream(const Message& message) {
    Frame frame{make_header(wire::FrameKind::upstream), {}, {}, shared_.writer.write(message)};
    frame.header.mutate_port(offer_.id);
    frame.header.mutate_topic(id_of(topic_of<Message>));
    frame.header.mutate_capture_ns(now_ns());
    shared_.send(frame);
  }
  virtual void opened() {}
  virtual void closing() {}  // while the port is still there

  Shared& shared_;
  const wire::PortSpecT offer_;
  std::shared_ptr<OutPort> port_;  // shared with the context

 private:
  std::vector<std::string> topics_for(const WantedStream& wanted) const;
  Result<bool> translate(Frame& event);
  bool carries(TopicId topic) const;
  void release();
  void decline();
  void count_lost(const Error& why);
  void pass_upstream(const Frame& message);
  void close();

  ClockFor clock_{};
  std::uint64_t last_ = 0;
  std::uint64_t confirmed_ = 0;
  std::vector<std::string> taken_topics_;
  std::vector<TopicId> topics_;  // by our numbers
  bool takes_all_ = false;
  bool begun_ = false;     // the peer was told to send
  bool released_ = false;  // while it was silent
};

}  // namespace dkvm::tcp
