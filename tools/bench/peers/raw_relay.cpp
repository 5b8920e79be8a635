// The least that a relay through a third process can be: AF_UNIX stream
// sockets, epoll, read, write. What a kernel costs is judged against it.
//
//   dkvm-bench-raw source|relay|sink CONTROL NAME
//
// source writes to descriptor 3, sink reads from 3, relay reads 3 and writes 4.

#include "tools/bench/peers/endpoint.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dkvm::bench {
namespace {

constexpr int kInFd = 3;
constexpr int kOutFd = 4;
constexpr std::size_t kBatchBytes = 16 * 1024;  // as the SDK's
constexpr std::size_t kReadBytes = 64 * 1024;

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

class RawTransport {
 public:
  bool send(Bytes frame) {
    std::memcpy(output_.data() + filled_, frame.data(), frame.size());
    filled_ += frame.size();
    return filled_ < kBatchBytes || flush();
  }

  bool flush() {
    const bool sent = write_all(kInFd, Bytes(output_).first(filled_));
    filled_ = 0;
    return sent;
  }

  template <class Handle>
  bool receive(Handle&& handle) {
    if (!epoll_.wait(kSilenceMs)) return false;
    const ssize_t got = ::read(kInFd, input_.data() + kept_, kReadBytes);
    if (got <= 0) return false;
    const std::size_t filled = kept_ + static_cast<std::size_t>(got);
    FrameDecoder decoder(Bytes(input_).first(filled));
    Frame frame;
    while (decoder.next(frame)) handle(frame);
    kept_ = filled - decoder.consumed();
    std::memmove(input_.data(), input_.data() + decoder.consumed(), kept_);
    return true;
  }

 private:
  Epoll epoll_{kInFd};
  alignas(8) std::array<std::byte, kBatchBytes + kFrameBytesMax> output_;
  std::size_t filled_ = 0;
  alignas(8) std::array<std::byte, kReadBytes + kFrameBytesMax> input_;
  std::size_t kept_ = 0;
};

int run_relay() {
  const Epoll epoll(kInFd);
  std::array<std::byte, kReadBytes> bytes;
  for (;;) {
    if (!epoll.wait(-1)) continue;
    const ssize_t got = ::read(kInFd, bytes.data(), bytes.size());
    if (got <= 0) return 0;
    if (!write_all(kOutFd, Bytes(bytes).first(static_cast<std::size_t>(got)))) return 0;
  }
}

int run(const PeerArguments& arguments) {
  return with_control(arguments, [&](const ControlLink& control) {
    if (arguments.role == "relay") return run_relay();
    RawTransport transport;
    return arguments.role == "source" ? run_source(control, transport)
                                      : run_sink(control, transport);
  });
}

}  // namespace
}  // namespace dkvm::bench

int main(int argc, char** argv) {
  if (argc != 4) return dkvm::bench::misuse_of_peer();
  return dkvm::bench::run({argv[1], argv[2], argv[3]});
}
