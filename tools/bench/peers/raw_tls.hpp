#pragma once

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>

namespace dkvm::bench {

// TLS 1.3 over a connected socket, as plain as OpenSSL allows: blocking, one
// certificate, nobody is verified. The cipher is OpenSSL's choice, as ours is.
class RawTls {
 public:
  enum class Side { client, server };

  // Waits for the other side's handshake.
  // Errors: Errc::disconnected with OpenSSL's words.
  static Result<RawTls> start(int fd, Side side);

  // Takes all of it; false when the connection is gone.
  bool write(Bytes bytes);
  // Waits for some; 0 when the connection is gone.
  std::size_t read(std::span<std::byte> bytes);
  // Decrypted bytes wait, of which no socket tells.
  bool pending() const { return SSL_pending(ssl_.get()) != 0; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace dkvm::bench
