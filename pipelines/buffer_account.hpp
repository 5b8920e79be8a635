#pragma once

#include "pipelines/port.hpp"

#include <dkvm/frame.hpp>

#include <cstddef>

namespace dkvm {

// The account of the buffers that queued events carry. The router keeps it
// told; whoever owns the memory keeps the books.
// Shape: refs are the BufferRefs of one event (Frame::buffers), at least one,
//        which were found to be in order when the event was published.
// Life:  loop thread; none of these calls the router back. It outlives the router,
//        whose end drops what is still queued.
class BufferAccount {
 public:
  virtual ~BufferAccount() = default;

  // Whether one more event with these may wait for the sink: its share of their
  // pools is not used up. Asked where events may be dropped; policy `block`
  // does not ask, its source runs out of slots instead. After false
  // Router::room_at() follows when the sink has less, or may have more; until
  // then producers are not asked for what it would not get.
  virtual bool room(PortRef sink, Bytes refs) = 0;

  // An event with these begins to wait for the sink; each call is followed by
  // one of drop() or lease().
  virtual void hold(PortRef sink, Bytes refs) = 0;
  // It will not be delivered.
  virtual void drop(PortRef sink, Bytes refs) = 0;
  // It is delivered: the sink holds the buffers until it releases them. False,
  // and nothing has changed, when it holds its share already; Router::room_at()
  // follows when that ends. One that holds nothing is never refused, however many
  // buffers the event has: nothing it could give back would end that.
  virtual bool lease(PortRef sink, Bytes refs) = 0;
};

// An edge that may bring buffers of one source port to a sink.
struct BufferConsumer {
  PortRef sink;
  std::size_t depth = 0;  // events of such topics that may wait for it
  bool block = false;     // policy `block`: the source is paused instead

  bool operator==(const BufferConsumer&) const = default;
};

}  // namespace dkvm
