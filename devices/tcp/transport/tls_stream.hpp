#pragma once

#include "trust/fingerprint.hpp"
#include "trust/openssl.hpp"

#include <dkvm/fd.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace dkvm::tcp {

// What the system knows of a connection.
struct TcpFigures {
  std::uint64_t rtt_ns = 0;  // smoothed
  std::uint64_t min_rtt_ns = 0;
  std::uint64_t acked_bytes = 0;  // since the connection began
  std::uint32_t mss_bytes = 0;
};

// TLS over a non-blocking socket. Nothing here blocks or throws.
// Life: usable from any one thread at a time
class TlsStream {
 public:
  enum class Role : std::uint8_t { client, server };

  // The socket is connected and non-blocking. The context may go before the stream.
  // Errors: Errc::exhausted.
  static Result<TlsStream> start(Fd socket, SSL_CTX* context, Role role);

  // True: done, and peer() is who its certificate says. False: call it again when the
  // socket is ready; wants_write() says for what.
  // Errors: as of read()
  Result<bool> handshake();

  // Bytes read; 0: none now.
  // Errors: Errc::disconnected (end of stream, reset), Errc::denied (the other side
  //         refuses our certificate, or we its), Errc::corrupt (no TLS, or damaged)
  Result<std::size_t> read(std::span<std::byte> into);
  // Bytes taken, maybe fewer than given; 0: none now. The next call begins with the
  // bytes that were not taken, wherever in memory they are.
  Result<std::size_t> write(Bytes bytes);
  // Both at once, or an error: for what is so short that an empty socket takes it.
  Result<> write_whole(Bytes bytes);

  // Reads a record's head and body in one call, and of the next what comes along, of
  // which pending() tells: for streams that are read until nothing is left. Not more
  // than a record: OpenSSL moves all that lies behind one before it opens the next.
  void read_ahead();

  // The last call waits for the socket to take bytes.
  bool wants_write() const { return wants_write_; }
  // Decrypted bytes wait inside, of which the socket does not tell.
  bool pending() const;

  int fd() const { return socket_.get(); }
  const trust::Fingerprint& peer() const { return peer_; }

  std::size_t unacked() const;  // bytes in the socket that the peer has not acknowledged
  std::size_t unsent() const;   // of these, those not yet on the wire
  TcpFigures figures() const;

  // Says goodbye as TLS wants it, once, without waiting.
  void shut();

 private:
  TlsStream(Fd socket, trust::SslPtr ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}
  // What the result of a call on ssl_ means: 0 for later.
  Result<std::size_t> later_or_error(int returned, const char* doing);

  Fd socket_;
  trust::SslPtr ssl_;  // goes before the socket
  trust::Fingerprint peer_;
  bool wants_write_ = false;
};

}  // namespace dkvm::tcp
