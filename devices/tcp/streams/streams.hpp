#pragma once

#include "devices/tcp/streams/peer_streams.hpp"
#include "devices/tcp/streams/wanted.hpp"
#include "devices/tcp/transport/link_handler.hpp"

#include <dkvm/context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dkvm::tcp {

// The streams and calls of all links of a device, and what can be asked of them.
// Life: the context outlives it; it outlives the LinkServer or LinkClient.
class Streams final : public LinkHandler, public BulkHost {
 public:
  // listening: for `links.list`.
  // Errors: those of BulkThread::start().
  static Result<std::unique_ptr<Streams>> start(
      Context& context, std::function<std::vector<std::string>()> listening);
  ~Streams() override;

  // Our kernel is silent or gone: nothing is held down anywhere on its account.
  void let_go();

  void added(PeerLink& link) override;
  void removed(PeerLink& link) override;
  void up(PeerLink& link, bool resumed) override;
  void frame(PeerLink& link, const Frame& frame) override;
  void writable(PeerLink& link) override;
  void silent(PeerLink& link) override;
  void alive(PeerLink& link) override;
  void down(PeerLink& link, const Error& why) override;
  void bulk(PeerLink& link, TlsStream stream) override;
  void status_changed(PeerLink& link) override;

  void arrived(BulkId id, Arrival arrival) override;
  void granted(BulkId id, Granted granted) override;
  void done(BulkId id, std::uint64_t token) override;
  void stream_closed(BulkId id, std::uint64_t token) override;
  void closed(BulkId id, const Error& why) override;

 private:
  // Bytes of a second ago, for rates.
  struct Meter {
    std::uint64_t bytes = 0;
    std::uint64_t per_second = 0;
    void tick(std::uint64_t now_bytes) { per_second = now_bytes - std::exchange(bytes, now_bytes); }
  };
  struct Peer {
    std::unique_ptr<PeerStreams> streams;
    std::shared_ptr<OutPort> state;  // tells of the link; shared with the context
    Meter sent{};
    Meter received{};
  };

  Streams(Context& context, std::function<std::vector<std::string>()> listening);

  Peer* find(const std::string& name);
  Peer* peer_of(BulkId id);
  void take_wanted(const WantedStreams& wanted);
  void want(const std::string& peer);
  void route(const Call& call, Reply reply);
  std::set<std::string> unknown_peers() const;
  void list(const Call& call, Reply reply);
  void slots_free();
  void tell_state(Peer& peer);
  void end_turn();
  void tick();
  void watch_kernel();
  void judge_kernel();

  Context& context_;
  std::function<std::vector<std::string>()> listening_;
  std::unique_ptr<BulkThread> bulk_;
  PortIds port_ids_;
  Loans loans_;
  std::map<std::string, Peer> peers_;
  WantedStreams all_wanted_;
  Wanted wanted_;
  bool turn_due_ = false;
  Context::Timer confirm_ = 0;
  Context::Timer meter_ = 0;
  Context::Timer kernel_watch_ = 0;
  std::uint64_t asked_ns_ = 0;  // our kernel, while kernel_watch_ runs
  bool kernel_silent_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // asked by late callbacks
};

}  // namespace dkvm::tcp
