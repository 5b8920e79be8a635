#pragma once

#include "devices/tcp/transport/link_config.hpp"
#include "devices/tcp/transport/link_handler.hpp"
#include "devices/tcp/transport/peer_link.hpp"

#include <dkvm/context.hpp>
#include <dkvm/result.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace dkvm::tcp {

// Dials one peer, and again whenever it is gone. While no certificate of that name is
// trusted its link is `refused`, and nothing is dialled.
class LinkClient {
 public:
  // Life: context and handler outlive it. Calls handler.added() for the peer.
  // Errors: those of trust::Identity and trust::Store
  static Result<std::unique_ptr<LinkClient>> start(Context& context, ClientConfig config,
                                                   LinkHandler& handler);
  virtual ~LinkClient() = default;  // the link ends without a word; see stop()

  // Says goodbye.
  virtual void stop(const Error& why) = 0;
  virtual std::vector<PeerLink*> peers() = 0;
  virtual PeerLink* find(std::string_view name) = 0;
};

}  // namespace dkvm::tcp
