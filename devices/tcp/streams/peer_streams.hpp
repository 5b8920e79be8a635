#pragma once

#include "devices/tcp/streams/incoming.hpp"
#include "devices/tcp/streams/loans.hpp"
#include "devices/tcp/streams/outgoing.hpp"
#include "devices/tcp/streams/peer_calls.hpp"
#include "devices/tcp/streams/shared.hpp"
#include "devices/tcp/streams/wanted.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dkvm::tcp {

// How a stream of a link stands, for `links.list`.
struct StreamStatus {
  std::string name;
  wire::Direction direction;
  bool open = false;  // both sides have it
};

// All streams of one peer, and its calls.
// Life: from LinkHandler::added() to removed().
class PeerStreams {
 public:
  PeerStreams(Context& context, PeerLink& link, PortIds& port_ids, BulkThread& bulk, Loans& loans,
              PeerRules rules);
  PeerStreams(const PeerStreams&) = delete;
  PeerStreams& operator=(const PeerStreams&) = delete;
  ~PeerStreams();

  // Those that pipelines of this kernel name for this peer.
  void want(std::vector<WantedStream> streams);

  // As LinkHandler has it.
  void up(bool resumed);
  void frame(const Frame& frame);
  void writable();
  void silent();
  void alive();
  void down(const Error& why);
  void bulk(TlsStream stream);

  // As BulkHost has it.
  bool has_bulk(BulkId id) const { return shared_.bulk_id == id; }
  void arrived(const Arrival& arrival);
  void granted(const Granted& granted);
  void done(const Loans::Parcel& parcel);
  // Slots that were lent to a connection of before are back.
  void slots_free();
  void bulk_closed(const Error& why);

  // After all that came in a turn. True when another turn is due soon.
  bool end_turn();
  // Our kernel is silent: what this side holds down at the peer is let go.
  void let_go();
  // Whether input of the peer has gone to our kernel since this was asked last.
  bool take_relayed_input() { return std::exchange(shared_.relayed_input, false); }
  // Our kernel has fallen silent, or is heard again.
  void kernel_silent(bool silent);

  PeerCalls& calls() { return calls_; }
  const PeerCalls& calls() const { return calls_; }
  PeerLink& link() { return shared_.link; }
  const PeerLink& link() const { return shared_.link; }
  // Of bodies, over all bulk connections.
  std::uint64_t bulk_sent_bytes() const { return bulk_sent_bytes_; }
  std::uint64_t bulk_received_bytes() const { return bulk_received_bytes_; }
  const Drops& drops() const { return shared_.drops; }
  std::uint64_t queued_bytes() const;
  std::vector<StreamStatus> streams() const;

 private:
  Result<> take(const Frame& frame);
  Result<> on_offer(const Frame& frame);
  void on_withdrawn(StreamId stream);
  Result<> on_topics(const Frame& frame);
  Result<> on_pool_open(const Frame& frame);
  void on_applied(const Frame& frame);
  Result<> on_declined(StreamId stream);
  Result<> count_change();
  void on_resume(StreamId stream);

  void open_session();
  void close_session(const Error& why);
  void offer(const WantedStream& wanted);
  const WantedStream* wanted(const std::string& name) const;
  void begin_replay();
  void replay();
  void hold_back_input();
  void tell_bulk_changed();
  Outgoing* outgoing(StreamId stream);
  Incoming* incoming(StreamId stream);

  Shared shared_;
  PeerCalls calls_;
  std::vector<WantedStream> wanted_;
  std::map<StreamId, std::unique_ptr<Outgoing>> outgoing_;  // by our number
  std::map<StreamId, std::unique_ptr<Incoming>> incoming_;  // by the peer's
  StreamId last_stream_ = 0;
  std::set<StreamId> offered_;  // by the peer, over the present connection
  bool in_session_ = false;
  std::uint64_t bulk_sent_bytes_ = 0;
  std::uint64_t bulk_received_bytes_ = 0;
  bool held_back_ = false;  // input waits for the connection, or for confirmation
  bool silent_ = false;     // nothing is heard of the peer
};

}  // namespace dkvm::tcp
