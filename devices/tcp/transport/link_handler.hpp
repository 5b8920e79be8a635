#pragma once

#include "devices/tcp/transport/tls_stream.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

namespace dkvm::tcp {

class PeerLink;

// What happens to links, for those who carry streams over them. All calls come on the
// device's thread; each may call anything of its link.
class LinkHandler {
 public:
  virtual ~LinkHandler() = default;

  // A peer, before anything else of it; and the end of the reference, after down(): a
  // server no longer trusts it. The one peer of a client stays, trusted or not.
  virtual void added(PeerLink& link) = 0;
  virtual void removed(PeerLink& link) = 0;

  // An input connection works. resumed: the session goes on, over another connection:
  // what was on its way over the one before may or may not have come.
  virtual void up(PeerLink& link, bool resumed) = 0;
  // A whole frame of a kind that may come on the input connection. Its payload is not
  // verified against its topic.
  // Life: the frame, until this returns
  virtual void frame(PeerLink& link, const Frame& frame) = 0;
  // The backlog has become 0.
  virtual void writable(PeerLink& link) = 0;
  // 400 ms without a byte, or the connection is gone: held input must go.
  virtual void silent(PeerLink& link) = 0;
  // After silent(), over the same connection.
  virtual void alive(PeerLink& link) = 0;
  // The session is over: 3 s of silence, a stop, a cut, no trust any more. Its bulk
  // connection is closed by whoever has it.
  virtual void down(PeerLink& link, const Error& why) = 0;

  // A bulk connection of the present session, after its hello; a later one takes the
  // place of an earlier. Decrypted bytes may wait in it. Whoever has it says
  // PeerLink::bulk_lost() when it breaks.
  virtual void bulk(PeerLink& link, TlsStream stream) = 0;

  // PeerLink::status() says something else than before.
  virtual void status_changed(PeerLink& link) = 0;
};

}  // namespace dkvm::tcp
