#pragma once

#include "devices/tcp/limits.hpp"
#include "devices/tcp/transport/link_self.hpp"
#include "devices/tcp/transport/tls_stream.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace dkvm::tcp {

// A connection until it has said who it is: the TLS handshake, then one hello. Of what
// comes behind the hello nothing is read.
class Greeting {
 public:
  // say: what is sent once the handshake is done; empty for the side that answers.
  Greeting(TlsStream stream, std::vector<std::byte> say = {})
      : stream_(std::move(stream)), say_(std::move(say)) {}

  // Goes on as far as the socket allows. True: the other side's hello is here.
  // Errors: those of TlsStream, Errc::corrupt for anything but a hello and for one
  //         beyond kHelloBytesMax, Errc::unsupported.
  Result<bool> advance();

  bool wants_write() const { return stream_.wants_write(); }
  int fd() const { return stream_.fd(); }
  const wire::LinkHelloT& hello() const { return hello_; }
  TlsStream& stream() { return stream_; }

 private:
  Result<> say();
  Result<bool> read();

  TlsStream stream_;
  std::vector<std::byte> say_;
  bool shaken_ = false;
  alignas(kFrameAlignBytes) std::array<std::byte, kHelloBytesMax> bytes_;
  std::size_t filled_ = 0;
  std::size_t wanted_ = kHeaderBytes;
  wire::LinkHelloT hello_;
};

}  // namespace dkvm::tcp
