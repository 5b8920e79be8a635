#pragma once

#include "devices/tcp/bulk/bulk_thread.hpp"
#include "devices/tcp/streams/checks.hpp"
#include "devices/tcp/streams/loans.hpp"
#include "devices/tcp/streams/port_ids.hpp"
#include "devices/tcp/streams/stream_changes.hpp"
#include "devices/tcp/streams/topic_names.hpp"
#include "devices/tcp/streams/unconfirmed.hpp"
#include "devices/tcp/transport/peer_link.hpp"

#include <dkvm/context.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace dkvm::tcp {

// What a peer may do here.
struct PeerRules {
  std::set<TopicId> upstream;      // messages of its sinks that reach our sources
  std::uint64_t buffer_bytes = 0;  // of the pools for what it sends
};

// What came to nothing on a link, since the device began.
struct Drops {
  std::uint64_t stale = 0;     // input that was older than a second
  std::uint64_t late = 0;      // sound and pictures that the connection did not take in time
  std::uint64_t oversize = 0;  // larger than the peer has room for, or in several buffers
  std::uint64_t unasked = 0;   // messages that the peer may not send, or for streams that are gone
  std::uint64_t refused = 0;   // of the peer, that our kernel did not read in time

  std::uint64_t sum() const { return stale + late + oversize + unasked + refused; }
};

// What all streams of one peer share.
// Life: as long as the peer is known; the device's thread.
struct Shared {
  Context& context;
  PeerLink& link;
  PortIds& port_ids;
  BulkThread& bulk;
  Loans& loans;
  PeerRules rules;

  Drops drops{};
  StreamChanges changes{};  // of the peer; over all sessions
  Unconfirmed unconfirmed{};
  TopicNames topics{};
  // The bulk connection, while there is one.
  std::optional<BulkId> bulk_id{};
  // Between a new input connection and the peer's word how far it is: events are
  // kept, and sent with those that it lacks.
  bool replaying = false;
  // Input of the peer has gone to our kernel since its last word was asked for.
  bool relayed_input = false;
  // Our kernel says nothing: input of the peer is not taken.
  bool kernel_silent = false;
  // Why the link is to be cut, once nobody is in the middle of something.
  std::optional<Error> broken{};
  std::set<std::string> unasked_topics{};  // of its own, that the peer has brought
  std::uint64_t pool_bytes = 0;            // of rules.buffer_bytes, in use by the peer's streams

  Ends ends() const { return {context.kernel_id(), link.kernel_id()}; }
  // False while nothing may be sent but what opens the session.
  bool sends() const { return link.up() && !replaying; }

  // Sends on the input connection. One that takes nothing is cut at the end of the
  // turn (whoever fills it was told to wait): the streams that are sending now end with it.
  void send(Frame frame) {
    seal(frame);
    if (!link.up() || broken) return;
    if (auto sent = link.send(frame); !sent) broken = sent.error();
  }
  void signal(wire::FrameKind kind, std::uint16_t port, std::uint64_t sequence = 0) {
    Frame frame{make_header(kind), {}, {}, {}};
    frame.header.mutate_port(port);
    frame.header.mutate_sequence(sequence);
    send(frame);
  }
  template <class Table>
  void send_table(wire::FrameKind kind, std::uint16_t port, const Table& table,
                  std::uint64_t sequence = 0) {
    Frame frame{make_header(kind), {}, {}, writer.write(table)};
    frame.header.mutate_port(port);
    frame.header.mutate_sequence(sequence);
    send(frame);
  }

  // Tells the peer what our number of a topic means, before it is used.
  void announce(TopicId topic) {
    if (topic >= kCustomTopicFirst && topics.tell(topic)) tell_name(topic);
  }
  void tell_name(TopicId topic) {
    wire::TopicsT names;
    names.topics.push_back(std::make_unique<wire::TopicNameT>());
    names.topics.back()->id = topic;
    names.topics.back()->name = context.topic_name(topic);
    send_table(wire::FrameKind::topics, 0, names);
  }

  PayloadWriter writer{};
};

}  // namespace dkvm::tcp
