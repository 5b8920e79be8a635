#pragma once

#include "tools/dkvmctl/pair/sockets.hpp"
#include "trust/pairing/message.hpp"
#include "trust/tls_context.hpp"

#include <dkvm/result.hpp>

#include <optional>
#include <vector>

namespace dkvm::ctl {

// Messages of a pairing over TLS, with anybody who has a certificate: whose it
// is, the pairing finds out. Calls block until their time is over.
class PairStream {
 public:
  // Both sides shake hands. Errors: Errc::timeout; Errc::denied when the other
  // side does not speak TLS 1.3 with a certificate.
  static Result<PairStream> start(Connected connected, const trust::Identity& own,
                                  trust::Role role);

  // The same without waiting, by has_spoken(): true once hands are shaken and a message
  // has come, which next() then has.
  // Errors: those of start(), Errc::disconnected.
  static Result<PairStream> begin(Connected connected, const trust::Identity& own,
                                  trust::Role role);
  Result<bool> has_spoken();
  // What poll() is to wait for meanwhile.
  short waits_for() const;

  const trust::Fingerprint& peer() const { return peer_; }
  const std::string& address() const { return address_; }
  int fd() const { return socket_.get(); }

  Result<> send(const trust::PairingMessage& message);

  // The next message, if it has come as a whole.
  // Errors: Errc::disconnected when the other side has hung up.
  Result<std::optional<trust::PairingMessage>> next();

  // Waits for it. Errors: Errc::timeout beside these.
  Result<trust::PairingMessage> receive(PairClock::time_point until);

 private:
  PairStream(Connected connected, trust::SslPtr ssl)
      : socket_(std::move(connected.socket)),
        address_(std::move(connected.address)),
        ssl_(std::move(ssl)) {}

  Result<> handshake();
  Result<bool> go_on();
  Result<> read();
  Result<> wait_for(int ssl_error, PairClock::time_point until) const;

  detail::Fd socket_;
  std::string address_;
  trust::SslPtr ssl_;
  trust::Fingerprint peer_;
  std::vector<std::uint8_t> received_;
  std::optional<trust::PairingMessage> first_;  // that has_spoken() was waiting for
};

}  // namespace dkvm::ctl
