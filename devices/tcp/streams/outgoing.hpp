#pragma once

#include "devices/tcp/streams/progress.hpp"
#include "devices/tcp/streams/shared.hpp"
#include "devices/tcp/streams/wanted.hpp"

#include <memory>

namespace dkvm::tcp {

// A stream from here to the peer: a sink port of this kernel, open while the peer
// takes the stream.
// Life: a session of the link; shared outlives it.
class Outgoing {
 public:
  Outgoing(Shared& shared, StreamId id, WantedStream wanted)
      : shared_(shared), id_(id), wanted_(std::move(wanted)) {}
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  virtual ~Outgoing() { close(); }

  StreamId id() const { return id_; }
  const WantedStream& wanted() const { return wanted_; }
  bool open() const { return port_ != nullptr; }
  virtual bool on_bulk() const = 0;

  // Tells the peer that this stream can be had.
  void offer();
  // The peer takes it.
  void accepted();

  // The peer's kernel has everything up to here.
  virtual void confirm(std::uint64_t sequence);
  // An `upstream` frame of the peer's kernel.
  // Errors: Errc::corrupt.
  Result<> upstream(const Frame& message);
  // Slots at the peer, or its word that it has none of the size that was asked for.
  // Errors: Errc::corrupt.
  virtual Result<> credit(const Granted& granted) = 0;
  virtual void refused() = 0;

  // The peer is silent; it is heard again; a new connection has taken over and
  // what it lacked was sent.
  void hold_back(bool back) { set_paused(back); }
  virtual void resumed() = 0;
  // The bulk connection came or went; a parcel of this stream is written.
  virtual void bulk_changed() {}
  virtual void done(const Loans::Parcel& parcel) { static_cast<void>(parcel); }

  // Our kernel is silent: the peer lets go of what this stream holds.
  void let_go();

  virtual std::uint64_t queued_bytes() const { return 0; }

 protected:
  // An event for the peer; true when it is on its way or kept, false when dropped.
  virtual bool carry(const Frame& event, const EventInfo& info) = 0;

  // The frame as the peer gets it.
  Frame for_peer(const Frame& event) const;
  void set_paused(bool paused);
  void report_progress();

  Shared& shared_;
  const StreamId id_;
  const WantedStream wanted_;
  Progress progress_;
  std::shared_ptr<InPort> port_;  // shared with the context

 private:
  void take(const Frame& event, const EventInfo& info);
  void close();

  bool paused_ = false;
};

// Whether a stream of these topics rides on the bulk connection: pictures, and
// whatever may be large.
bool rides_on_bulk(const std::vector<std::string>& topics);

// Of a topic that is worth nothing when it is late.
bool may_be_late(TopicId topic);

}  // namespace dkvm::tcp
