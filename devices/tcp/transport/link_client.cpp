#include "devices/tcp/transport/link_client.hpp"

#include "devices/tcp/transport/dial.hpp"
#include "devices/tcp/transport/network_watch.hpp"
#include "devices/tcp/transport/resolver.hpp"
#include "devices/tcp/transport/trust_book.hpp"
#include "trust/identity.hpp"
#include "trust/tls_context.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace dkvm::tcp {
namespace {

using Connection = wire::LinkConnection;

class Client final : public LinkClient {
 public:
  Client(Context& context, ClientConfig config, LinkHandler& handler)
      : context_(context),
        config_(std::move(config)),
        handler_(handler),
        resolver_(context),
        network_(context) {}
  ~Client() override {
    *exists_ = false;
    context_.cancel_timer(lookup_);
  }

  Result<> start();

  void stop(const Error& why) override { link_->end(why); }
  std::vector<PeerLink*> peers() override { return {link_.get()}; }
  PeerLink* find(std::string_view name) override {
    return name == link_->name() ? link_.get() : nullptr;
  }

 private:
  void follow_trust();
  bool trusts(const trust::Fingerprint& shown);
  void dial(Connection connection);
  void cancel(Connection connection);
  void look_up();
  void dial_input(std::vector<SocketAddress> found, const std::string& complaint);
  void dialled_input(Result<Dialled> dialled);
  void dialled_bulk(Result<Dialled> dialled);
  Result<> check_session(const wire::LinkHelloT& answer) const;
  void fail_input(Error why);
  Error explained(Error why) const;

  Context& context_;
  ClientConfig config_;
  LinkHandler& handler_;
  LinkSelf self_;
  std::unique_ptr<TrustBook> book_;
  std::optional<trust::TlsContext> tls_;
  std::optional<trust::Fingerprint> refused_;  // the certificate that was shown last
  std::unique_ptr<PeerLink> link_;

  Resolver resolver_;
  NetworkWatch network_;
  std::unique_ptr<Dial> input_;
  std::unique_ptr<Dial> bulk_;
  std::vector<SocketAddress> known_;  // numbers, and what the names have led to
  Context::Timer lookup_ = 0;
  std::size_t turn_ = 0;                  // where in the addresses the next dial begins
  std::size_t addresses_ = 0;             // how many there were
  std::uint64_t dials_ = 0;               // so many have begun or were given up
  std::optional<SocketAddress> address_;  // of the present connection
  std::shared_ptr<bool> exists_ = std::make_shared<bool>(true);  // asked by the turn's end
};

Result<> Client::start() {
  DKVM_TRY(const trust::Identity identity, trust::Identity::load(config_.identity));
  warn_of_expiry(identity);
  self_ = LinkSelf::of(context_, identity);
  DKVM_TRY(book_, TrustBook::open(context_, config_.identity, {config_.peer}));
  DKVM_TRY(tls_, trust::TlsContext::make(
                     identity, trust::Role::client,
                     [this](const trust::Fingerprint& shown) { return trusts(shown); }));
  link_ = std::make_unique<PeerLink>(
      context_, handler_, config_.peer, self_, LinkLife::Role::dials, config_.cut_pause,
      PeerLink::Dialling{[this](Connection which) { dial(which); },
                         [this](Connection which) { cancel(which); }});
  if (const auto watching = network_.start([this] { link_->network_changed(); }); !watching)
    log_warning(watching.error().message());
  context_.on_turn_end([this, exists = exists_] {
    if (*exists) link_->flush();
  });
  for (const Endpoint& endpoint : config_.connect)
    if (auto number = SocketAddress::from_number(endpoint)) known_.push_back(*number);
  handler_.added(*link_);
  book_->on_change([this] { follow_trust(); });
  follow_trust();
  return {};
}

void Client::follow_trust() {
  const std::string& name = config_.peer.name;
  if (!book_->peers().contains(name))
    return link_->forbid(Error(
        Errc::denied,
        fmt::format("no certificate of '{}' is trusted: pair with it (dkvmctl pair), or add its "
                    "fingerprint (dkvmctl trust add {} sha256:…)",
                    name, name)));
  if (link_->has_session() && book_->name_of(link_->fingerprint()) != name)
    link_->forbid(
        Error(Errc::denied, fmt::format("the certificate of '{}' is not trusted any more", name)));
  if (!link_->has_session()) link_->begin();
}

bool Client::trusts(const trust::Fingerprint& shown) {
  if (book_->name_of(shown) == config_.peer.name) return true;
  refused_ = shown;
  return false;
}

void Client::dial(Connection connection) {
  if (connection == Connection::input) return look_up();
  bulk_ =
      std::make_unique<Dial>(context_,
                             Dial::Plan{{*address_},
                                        tls_->get(),
                                        bytes_of(self_.hello(Connection::bulk, link_->session())),
                                        kBulkUnsentBytesMax},
                             [this](Result<Dialled> dialled) { dialled_bulk(std::move(dialled)); });
}

void Client::cancel(Connection connection) {
  if (connection == Connection::bulk) return bulk_.reset();
  ++dials_;
  context_.cancel_timer(lookup_);
  resolver_.cancel();
  input_.reset();
}

// A name service that is gone with the network must not keep a link from coming back.
void Client::look_up() {
  ++dials_;
  const auto patience = known_.empty() ? kLookupTimeMax : kLookupTimeKnownMax;
  lookup_ = context_.after(patience, [this] {
    resolver_.cancel();
    dial_input({}, "the names of the addresses are not found in time");
  });
  resolver_.resolve(config_.connect,
                    [this](std::vector<SocketAddress> found, const std::string& complaint) {
                      dial_input(std::move(found), complaint);
                    });
}

// From another address each time, so that one that swallows everything costs the others
// nothing.
void Client::dial_input(std::vector<SocketAddress> found, const std::string& complaint) {
  context_.cancel_timer(lookup_);
  if (found.empty()) found = known_;
  known_ = found;
  const std::size_t all = found.size();
  std::erase_if(found, [this](const auto& address) { return !within(config_.reach, address); });
  if (found.empty())
    return fail_input(Error(
        Errc::not_found,
        all != 0 ? std::string("none of the addresses is on the LAN (private, link-local), and "
                               "`reach` is lan; `reach: anywhere` goes there all the same")
                 : complaint));
  addresses_ = found.size();
  std::rotate(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(turn_ % addresses_),
              found.end());
  refused_.reset();
  auto session = link_->has_session() ? link_->session() : std::vector<std::uint8_t>{};
  input_ = std::make_unique<Dial>(
      context_,
      Dial::Plan{std::move(found), tls_->get(),
                 bytes_of(self_.hello(Connection::input, std::move(session))),
                 kInputUnsentBytesMax},
      [this](Result<Dialled> dialled) { dialled_input(std::move(dialled)); });
}

void Client::dialled_input(Result<Dialled> dialled) {
  const auto done = std::move(input_);  // which calls this
  if (!dialled) {
    turn_ += addresses_ <= kDialsAtOnceMax ? 1 : kDialsAtOnceMax;
    return fail_input(explained(std::move(dialled).error()));
  }
  if (const auto checked = check_session(dialled->hello); !checked)
    return fail_input(Error(checked.error()).within(dialled->address.text()));
  address_ = dialled->address;
  if (!dialled->hello.resumed) link_->set_session(dialled->hello.session);
  link_->join(std::move(dialled->stream), dialled->hello, dialled->hello.resumed,
              dialled->address.text());
}

Result<> Client::check_session(const wire::LinkHelloT& answer) const {
  if (answer.connection != Connection::input || answer.session.size() != kLinkSessionBytes)
    return fail(Errc::corrupt, "it answered hello without a session");
  if (answer.resumed && (!link_->has_session() || answer.session != link_->session()))
    return fail(Errc::disconnected, "it resumed a session that is over here");
  return {};
}

// Not within the call that asked for the dial.
void Client::fail_input(Error why) {
  const auto tell = [this, exists = exists_, dial = dials_, why = std::move(why)] {
    if (*exists && dial == dials_) link_->dial_failed(Connection::input, why);
  };
  context_.after(std::chrono::nanoseconds{0}, tell);
}

void Client::dialled_bulk(Result<Dialled> dialled) {
  const auto done = std::move(bulk_);
  if (dialled && dialled->hello.session == link_->session())
    return link_->join_bulk(std::move(dialled->stream));
  link_->dial_failed(Connection::bulk, dialled
                                           ? Error(Errc::corrupt, "it answered for another session")
                                           : std::move(dialled).error());
}

// Who was refused here, and what was expected.
Error Client::explained(Error why) const {
  if (why.code() != Errc::denied) return why;
  if (!refused_)
    return {Errc::denied,
            fmt::format("{}; there, add this one's: {}", why.message(), self_.fingerprint.text())};
  const auto& pins = book_->peers();
  const auto pinned = pins.find(config_.peer.name);
  return {Errc::denied,
          fmt::format("{}; it is {}, expected {} of '{}'. If that kernel has a new identity, pair "
                      "with it anew (dkvmctl pair)",
                      why.message(), refused_->text(),
                      pinned == pins.end() ? "none" : pinned->second.pins.front().text(),
                      config_.peer.name)};
}

}  // namespace

Result<std::unique_ptr<LinkClient>> LinkClient::start(Context& context, ClientConfig config,
                                                      LinkHandler& handler) {
  auto client = std::make_unique<Client>(context, std::move(config), handler);
  DKVM_CHECK(client->start());
  return client;
}

}  // namespace dkvm::tcp
