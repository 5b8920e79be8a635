#pragma once

#include "devices/tcp/transport/link_config.hpp"
#include "devices/tcp/transport/link_handler.hpp"
#include "devices/tcp/transport/peer_link.hpp"

#include <dkvm/context.hpp>
#include <dkvm/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::tcp {

// Listens for peers that are pinned, by the configuration or by the store, which is
// watched: who is added there may come, who is removed is cut off.
class LinkServer {
 public:
  // Life: context and handler outlive it. Calls handler.added() for each peer.
  // Errors: those of trust::Identity and trust::Store, those of listen_at().
  static Result<std::unique_ptr<LinkServer>> start(Context& context, ServerConfig config,
                                                   LinkHandler& handler);
  virtual ~LinkServer() = default;  // links end without a word; see stop()

  // Says goodbye to all peers, and listens no more.
  virtual void stop(const Error& why) = 0;
  virtual std::vector<PeerLink*> peers() = 0;
  virtual PeerLink* find(std::string_view name) = 0;
  // `address:port` of each socket that listens, with the port that was picked for 0.
  virtual std::vector<std::string> listening() const = 0;
};

}  // namespace dkvm::tcp
