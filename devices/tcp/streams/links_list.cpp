#include "devices/tcp/streams/links_list.hpp"

#include <dkvm/time.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dkvm::tcp {
namespace {

template <class Int>
std::int64_t to_us(Int ns) {
  return static_cast<std::int64_t>(ns) / 1000;
}

std::uint32_t clamped_us(std::uint64_t ns) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(ns / 1000, UINT32_MAX));
}

nlohmann::json describe(const Drops& drops) {
  return {{"stale", drops.stale},
          {"late", drops.late},
          {"oversize", drops.oversize},
          {"unasked", drops.unasked},
          {"refused", drops.refused}};
}

// Empty before the first session.
std::string fingerprint_of(const PeerLink& link) {
  return link.fingerprint() == trust::Fingerprint{} ? "" : link.fingerprint().text();
}

}  // namespace

LinkStateEvent state_event(const PeerLink& link) {
  const LinkStatus status = link.status();
  LinkStateEvent event;
  event.peer = link.name();
  event.state = std::string(name(status.state));
  event.reason = status.reason;
  event.fingerprint = fingerprint_of(link);
  event.rtt_us = clamped_us(status.rtt_ns);
  event.offset_us = to_us(status.offset_ns);
  event.offset_error_us = clamped_us(status.offset_error_ns);
  return event;
}

Result<LinksPage> read_links_page(const std::string& body) {
  const nlohmann::json asked = nlohmann::json::parse(body, nullptr, false);
  if (!asked.is_object()) return fail(Errc::invalid, "links.list takes {after?, limit?}");
  LinksPage page;
  for (const auto& [key, value] : asked.items()) {
    if (key == "after" && value.is_string())
      page.after = value.get<std::string>();
    else if (key == "limit" && value.is_number_unsigned() && value != 0)
      page.limit = std::min(value.get<std::size_t>(), kLinksPageMax);
    else
      return fail(Errc::invalid, "links.list: '" + key + "' is " + value.dump() +
                                     ", expected after: the name of a peer, or limit: a number");
  }
  return page;
}

LinksList::LinksList(const std::vector<std::string>& listening)
    : json_(std::make_unique<nlohmann::json>()) {
  (*json_)["links"] = nlohmann::json::array();
  (*json_)["listening"] = listening;
}

LinksList::~LinksList() = default;

void LinksList::more_after(const std::string& peer) { (*json_)["next"] = peer; }

void LinksList::unknown(const std::set<std::string>& peers) { (*json_)["unknown"] = peers; }

void LinksList::add(const std::string& device, const PeerStreams& peer,
                    std::uint64_t sent_bytes_per_s, std::uint64_t received_bytes_per_s) {
  const PeerLink& link = peer.link();
  const LinkStatus status = link.status();
  nlohmann::json streams = nlohmann::json::array();
  for (const StreamStatus& stream : peer.streams())
    streams.push_back({{"name", stream.name},
                       {"direction", wire::EnumNameDirection(stream.direction)},
                       {"state", stream.open ? "open" : "waiting"}});
  nlohmann::json entry = {{"peer", link.name()},
                          {"device", device},
                          {"state", name(status.state)},
                          {"reason", status.reason},
                          {"since_s", static_cast<double>(now_ns() - status.since_ns) / 1e9},
                          {"connects", status.connects},
                          {"address", status.address},
                          {"fingerprint", fingerprint_of(link)},
                          {"sent_bytes", status.sent_bytes + peer.bulk_sent_bytes()},
                          {"received_bytes", status.received_bytes + peer.bulk_received_bytes()},
                          {"sent_bytes_per_s", sent_bytes_per_s},
                          {"received_bytes_per_s", received_bytes_per_s},
                          {"queue_bytes", peer.queued_bytes()},
                          {"drops", peer.drops().sum()},
                          {"dropped", describe(peer.drops())},
                          {"calls_refused", peer.calls().refused()},
                          {"streams", std::move(streams)}};
  if (status.clock_known) {
    entry["rtt_us"] = to_us(status.rtt_ns);
    entry["offset_us"] = to_us(status.offset_ns);
    entry["offset_error_us"] = to_us(status.offset_error_ns);
  }
  bytes_ += entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size();
  (*json_)["links"].push_back(std::move(entry));
}

std::string LinksList::text() const {  // A peer's words need not be UTF-8.
  return json_->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace dkvm::tcp
