#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/streams/peer_streams.hpp"

#include <dkvm/events.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dkvm::tcp {

using LinkStateEvent = wire::LinkStateT;

// What a link_state event says of a link.
LinkStateEvent state_event(const PeerLink& link);

// Which part of the list is asked for: peers behind `after`, at most so many.
struct LinksPage {
  std::string after{};
  std::size_t limit = 50;
};

// Errors: Errc::invalid.
Result<LinksPage> read_links_page(const std::string& body);

// The answer to `links.list`.
// Source: docs/links.md, "What can be asked"
class LinksList {
 public:
  explicit LinksList(const std::vector<std::string>& listening);
  ~LinksList();

  // Peers that pipelines name, and this device does not know.
  void unknown(const std::set<std::string>& peers);
  // There are more behind this peer.
  void more_after(const std::string& peer);
  void add(const std::string& device, const PeerStreams& peer, std::uint64_t sent_bytes_per_s,
           std::uint64_t received_bytes_per_s);
  std::string text() const;
  // No further link should be put into this page.
  bool full() const { return bytes_ >= kLinksPageBytes; }

 private:
  std::unique_ptr<nlohmann::json> json_;
  std::size_t bytes_ = 0;
};

}  // namespace dkvm::tcp
