#include "devices/tcp/transport/link_server.hpp"

#include "devices/tcp/transport/doorkeeper.hpp"
#include "devices/tcp/transport/sockets.hpp"
#include "devices/tcp/transport/trust_book.hpp"
#include "trust/identity.hpp"
#include "trust/tls_context.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <optional>
#include <utility>

namespace dkvm::tcp {
namespace {

class Server final : public LinkServer {
 public:
  Server(Context& context, ServerConfig config, LinkHandler& handler)
      : context_(context), config_(std::move(config)), handler_(handler), door_(context) {}
  ~Server() override { *exists_ = false; }

  Result<> start();

  void stop(const Error& why) override {
    door_.close();
    for (auto& [name, link] : links_) link->end(why);
  }

  std::vector<PeerLink*> peers() override {
    std::vector<PeerLink*> all;
    for (auto& [name, link] : links_) all.push_back(link.get());
    return all;
  }

  PeerLink* find(std::string_view name) override {
    const auto found = links_.find(name);
    return found == links_.end() ? nullptr : found->second.get();
  }

  std::vector<std::string> listening() const override { return door_.listening(); }

 private:
  Result<> listen();
  void follow_trust();
  void add(const PeerConfig& peer);
  Result<> admit(TlsStream stream, const wire::LinkHelloT& hello, const std::string& address);
  Result<> admit_bulk(PeerLink& link, TlsStream stream, const wire::LinkHelloT& hello);

  Context& context_;
  ServerConfig config_;
  LinkHandler& handler_;
  LinkSelf self_;
  std::unique_ptr<TrustBook> book_;
  std::optional<trust::TlsContext> tls_;
  std::map<std::string, std::unique_ptr<PeerLink>, std::less<>> links_;
  Doorkeeper door_;                                              // after what it lets people in to
  std::shared_ptr<bool> exists_ = std::make_shared<bool>(true);  // asked by the turn's end
};

Result<> Server::start() {
  DKVM_TRY(const trust::Identity identity, trust::Identity::load(config_.identity));
  warn_of_expiry(identity);
  self_ = LinkSelf::of(context_, identity);
  DKVM_TRY(book_, TrustBook::open(context_, config_.identity, config_.peers));
  DKVM_TRY(tls_, trust::TlsContext::make(identity, trust::Role::server,
                                         [book = book_.get()](const trust::Fingerprint& from) {
                                           return book->name_of(from).has_value();
                                         }));
  DKVM_CHECK(listen());
  for (const PeerConfig& peer : config_.peers)
    if (!book_->peers().contains(peer.name))
      log_warning(
          fmt::format("no certificate of '{}' is trusted yet: pair with it (dkvmctl pair), "
                      "or name its pin",
                      peer.name));
  book_->on_change([this] { follow_trust(); });
  follow_trust();
  context_.on_turn_end([this, exists = exists_] {
    if (!*exists) return;
    for (auto& [name, link] : links_) link->flush();
  });
  return {};
}

Result<> Server::listen() {
  const auto admit_one = [this](TlsStream stream, const wire::LinkHelloT& hello,
                                const std::string& address) {
    return admit(std::move(stream), hello, address);
  };
  DKVM_CHECK(door_.open(config_.listen, config_.reach, tls_->get(), admit_one));
  for (const std::string& address : door_.listening()) log_info("listening on " + address);
  return {};
}

void Server::follow_trust() {
  for (auto each = links_.begin(); each != links_.end();) {
    PeerLink& link = *each->second;
    const auto trusted = book_->peers().find(each->first);
    const bool stays = trusted != book_->peers().end();
    const bool present = link.has_session() && !book_->name_of(link.fingerprint());
    if (!stays || present)
      link.forbid(Error(Errc::denied, fmt::format("'{}' is not trusted any more", link.name())));
    if (stays) {
      if (present) link.begin();  // with another certificate it may come back
      ++each;
      continue;
    }
    handler_.removed(link);
    each = links_.erase(each);
  }
  for (const auto& [name, peer] : book_->peers())
    if (!links_.contains(name)) add(peer);
}

void Server::add(const PeerConfig& peer) {
  if (links_.size() >= config_.peers_max)
    return log_warning(fmt::format("'{}' is trusted but not let in: peers_max is {}", peer.name,
                                   config_.peers_max));
  auto link = std::make_unique<PeerLink>(context_, handler_, peer, self_, LinkLife::Role::listens,
                                         config_.cut_pause);
  PeerLink& added = *links_.emplace(peer.name, std::move(link)).first->second;
  handler_.added(added);
  added.begin();
}

Result<> Server::admit(TlsStream stream, const wire::LinkHelloT& hello,
                       const std::string& address) {
  const auto name = book_->name_of(stream.peer());
  PeerLink* link = name ? find(*name) : nullptr;
  if (link == nullptr)
    return fail(Errc::denied,
                fmt::format("its certificate {} is not let in", stream.peer().text()));
  if (const auto refusal = link->refusal()) {
    DKVM_CHECK(stream.write_whole(stop_bytes(refusal->why, refusal->come_again)));
    stream.shut();
    return fail(Error(refusal->why).within(fmt::format("'{}'", *name)));
  }
  if (hello.connection == wire::LinkConnection::bulk)
    return admit_bulk(*link, std::move(stream), hello);
  if (hello.connection != wire::LinkConnection::input)
    return fail(Errc::unsupported, "it asks for a kind of connection that is not known");
  const bool resumed = link->resumes(hello, stream.peer());
  const auto session = resumed ? link->session() : random_session();
  prepare_connection(stream.fd(), kInputUnsentBytesMax);
  DKVM_CHECK(
      stream.write_whole(bytes_of(self_.hello(wire::LinkConnection::input, session, resumed))));
  link->set_session(session);  // the one before lived on until now
  link->join(std::move(stream), hello, resumed, address);
  return {};
}

Result<> Server::admit_bulk(PeerLink& link, TlsStream stream, const wire::LinkHelloT& hello) {
  if (!link.up() || !link.resumes(hello, stream.peer()))
    return fail(Errc::denied,
                fmt::format("'{}' has no session for its bulk connection", link.name()));
  prepare_connection(stream.fd(), kBulkUnsentBytesMax);
  DKVM_CHECK(
      stream.write_whole(bytes_of(self_.hello(wire::LinkConnection::bulk, link.session(), true))));
  link.join_bulk(std::move(stream));
  return {};
}

}  // namespace

Result<std::unique_ptr<LinkServer>> LinkServer::start(Context& context, ServerConfig config,
                                                      LinkHandler& handler) {
  auto server = std::make_unique<Server>(context, std::move(config), handler);
  DKVM_CHECK(server->start());
  return server;
}

}  // namespace dkvm::tcp
