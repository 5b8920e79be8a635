#pragma once

#include "devices/tcp/transport/addresses.hpp"
#include "devices/tcp/transport/greeting.hpp"
#include "devices/tcp/transport/strangers.hpp"

#include <dkvm/context.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace dkvm::tcp {

// Listens, and brings those in who show a certificate that is trusted and say hello. For
// others there is a small record until their first bytes have come, then TLS, for a short
// time and few of them: Strangers says who goes.
class Doorkeeper {
 public:
  // Errors end the connection; they are counted and logged from time to time.
  using Admit = std::function<Result<>(TlsStream stream, const wire::LinkHelloT& hello,
                                       const std::string& address)>;

  explicit Doorkeeper(Context& context) : context_(context) {}
  ~Doorkeeper() { close(); }
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  // Life: tls as long as the doorkeeper.
  // Errors: those of listen_at(), Errc::not_found for an address that is no number
  Result<> open(const std::vector<Endpoint>& addresses, Reach reach, SSL_CTX* tls, Admit admit);
  void close();

  std::vector<std::string> listening() const;

 private:
  using Id = Strangers::Id;
  struct Stranger {
    Fd socket;                           // until its first bytes
    std::unique_ptr<Greeting> greeting;  // from then on
    std::string address;
    std::string host;
  };

  Result<> watch_doors();
  void accept_from(int door);
  void pause();
  void meet(Fd socket, const SocketAddress& from);
  void ready(Id id);
  void greet(Id id);
  void advance(Id id);
  void finish(Id id);
  void drop(Id id, const std::string& why);
  void turned_away(const std::string& address, const std::string& why);
  void arm();
  void sweep();

  Context& context_;
  Reach reach_ = Reach::lan;
  SSL_CTX* tls_ = nullptr;
  Admit admit_;
  std::vector<Fd> doors_;
  Context::Timer pause_timer_ = 0;

  std::unordered_map<Id, Stranger> strangers_;
  Id last_ = 0;
  Strangers waiting_{
      {kWaitingMax, kWaitingPerAddressMax, std::chrono::nanoseconds(kHandshakeTimeMax).count()}};
  Strangers greeted_{{kHandshakesMax, kHandshakesPerAddressMax,
                      std::chrono::nanoseconds(kHandshakeTimeMax).count()}};
  Context::Timer sweep_timer_ = 0;
  std::uint64_t sweep_ns_ = 0;

  std::uint64_t logged_ns_ = 0;
  std::uint64_t unlogged_ = 0;
};

}  // namespace dkvm::tcp
