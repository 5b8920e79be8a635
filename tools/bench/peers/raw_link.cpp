// The least that a link between two machines can be: TLS 1.3 over TCP, and two
// programs that do nothing else.
//
//   dkvm-bench-raw-link near|far|bulk-source|bulk-sink CONTROL NAME
//
// near reads events from descriptor 3 and sends them over the TCP connection 4; far
// receives them from 3 and writes them to 4. bulk-source sends frames that it has
// written over 3, in writes of 64 KiB; bulk-sink receives them from 3 and reads them.

#include "tools/bench/harness/frame_stream.hpp"
#include "tools/bench/peers/endpoint.hpp"
#include "tools/bench/peers/raw_tls.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dkvm::bench {
namespace {

constexpr int kInFd = 3;
constexpr int kOutFd = 4;
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kWriteBytes = 64 * 1024;  // as our links'

// What goes before a frame's bytes.
struct FrameHead {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::uint64_t last = 0;
  std::uint64_t capture_ns = 0;
};

Bytes bytes_of(const FrameHead& head) { return std::as_bytes(std::span(&head, 1)); }

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_all(RawTls& tls, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t got = tls.read(bytes);
    if (got == 0) return false;
    bytes = bytes.subspan(got);
  }
  return true;
}

int run_near(RawTls& tls) {
  const Epoll epoll(kInFd);
  std::array<std::byte, kReadBytes> bytes;
  for (;;) {
    if (!epoll.wait(-1)) continue;
    const ssize_t got = ::read(kInFd, bytes.data(), bytes.size());
    if (got <= 0) return 0;
    if (!tls.write(Bytes(bytes).first(static_cast<std::size_t>(got)))) return 0;
  }
}

int run_far(RawTls& tls) {
  const Epoll epoll(kInFd);
  std::array<std::byte, kReadBytes> bytes;
  for (;;) {
    if (!tls.pending() && !epoll.wait(-1)) continue;
    const std::size_t got = tls.read(bytes);
    if (got == 0 || !write_all(kOutFd, Bytes(bytes).first(got))) return 0;
  }
}

bool send_frame(RawTls& tls, std::vector<std::byte>& frame, FrameHead head) {
  paint(frame, head.number);
  head.capture_ns = now_ns();
  if (!tls.write(bytes_of(head))) return false;
  for (std::size_t at = 0; at < frame.size(); at += kWriteBytes)
    if (!tls.write(Bytes(frame).subspan(at, std::min(kWriteBytes, frame.size() - at))))
      return false;
  return true;
}

int run_bulk_source(const ControlLink& control, RawTls& tls) {
  std::vector<std::byte> frame;
  while (const auto order = control.next()) {
    frame.resize(order->bytes);
    Outcome outcome;
    outcome.first_ns = now_ns();
    for (bool last = false; !last; ++outcome.events) {
      last = now_ns() >= outcome.first_ns + order->duration_ns;
      if (!send_frame(tls, frame, {outcome.events + 1, frame.size(), last ? 1U : 0U})) return 1;
    }
    outcome.last_ns = now_ns();
    control.report(outcome);
  }
  return 0;
}

int run_bulk_sink(const ControlLink& control, RawTls& tls) {
  FrameCollector collector;
  std::vector<std::byte> frame;
  while (const auto order = control.next()) {
    collector.begin(*order);
    control.report({});
    for (bool last = false; !last;) {
      FrameHead head;
      if (!read_all(tls, std::as_writable_bytes(std::span(&head, 1)))) return 1;
      frame.resize(head.bytes);
      if (!read_all(tls, frame)) return 1;
      last = collector.take({head.number, head.last != 0}, head.capture_ns, frame, true);
    }
    collector.report(control);
  }
  return 0;
}

int run(const PeerArguments& arguments) {
  return with_control(arguments, [&](const ControlLink& control) {
    const bool client = arguments.role == "near" || arguments.role == "bulk-source";
    auto tls = RawTls::start(arguments.role == "near" ? kOutFd : kInFd,
                             client ? RawTls::Side::client : RawTls::Side::server);
    if (!tls) {
      fmt::print(stderr, "{}: {}\n", arguments.name, tls.error().message());
      return 1;
    }
    if (arguments.role == "near") return run_near(*tls);
    if (arguments.role == "far") return run_far(*tls);
    return client ? run_bulk_source(control, *tls) : run_bulk_sink(control, *tls);
  });
}

}  // namespace
}  // namespace dkvm::bench

int main(int argc, char** argv) {
  if (argc != 4) return dkvm::bench::misuse_of_peer();
  return dkvm::bench::run({argv[1], argv[2], argv[3]});
}
