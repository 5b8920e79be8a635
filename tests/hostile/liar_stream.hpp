#pragma once

#include <dkvm/manifest.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/time.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A device's end of its stream without the SDK's manners: it writes whatever
// bytes it is given.
namespace dkvm::test {

inline constexpr std::uint16_t kKeysPort = 1;  // a source of `key`
inline constexpr std::uint16_t kInPort = 2;    // a sink of `key`
inline constexpr std::uint16_t kNoPort = 9;    // nobody's

// What a liar says of itself as long as it is honest.
inline Manifest liar_manifest() {
  return {
      .type = "liar",
      .version = "1",
      .summary = "Does what no device should",
      .ports = {
          {.id = kKeysPort, .name = "keys", .topics = {"key"}},
          {.id = kInPort, .name = "in", .direction = wire::Direction::sink, .topics = {"key"}}}};
}

inline std::unique_ptr<wire::PortSpecT> port_spec(std::uint16_t id, std::string name,
                                                  wire::Direction direction,
                                                  std::vector<std::string> topics) {
  auto spec = std::make_unique<wire::PortSpecT>();
  spec->id = id;
  spec->name = std::move(name);
  spec->direction = direction;
  spec->topics = std::move(topics);
  return spec;
}

inline wire::HelloT honest_hello() {
  wire::HelloT hello;
  hello.protocol_min = hello.protocol_max = kProtocolVersion;
  hello.type = std::string("liar");  // GCC 12 warns of a plain literal
  hello.version = std::string("1");
  for (const PortManifest& port : liar_manifest().ports)
    hello.ports.push_back(port_spec(port.id, port.name, port.direction, port.topics));
  return hello;
}

class LiarStream {
 public:
  using Bits = std::vector<std::byte>;

  // Bytes of one frame; `change` may spoil its header afterwards.
  static Bits frame(wire::FrameKind kind, Bytes payload = {},
                    const std::function<void(wire::FrameHeader&)>& change = {}) {
    Bits bits;
    append_frame(bits, {make_header(kind), {}, {}, payload});
    if (change) {
      wire::FrameHeader header;
      std::memcpy(&header, bits.data(), kHeaderBytes);
      change(header);
      std::memcpy(bits.data(), &header, kHeaderBytes);
    }
    return bits;
  }

  template <class Native>
  Bits table(wire::FrameKind kind, const Native& value,
             const std::function<void(wire::FrameHeader&)>& change = {}) {
    return frame(kind, writer_.write(value), change);
  }

  Bits key(std::uint16_t port, std::uint64_t sequence, std::uint16_t code, bool down,
           std::uint64_t capture_ns = now_ns()) {
    wire::KeyT key;
    key.code = code;
    key.down = down;
    return table(wire::FrameKind::event, key, [&](wire::FrameHeader& header) {
      header.mutate_port(port);
      header.mutate_topic(id_of(wire::Topic::key));
      header.mutate_sequence(sequence);
      header.mutate_capture_ns(capture_ns);
    });
  }

  // False when nobody reads any more. Blocks while the socket is full.
  bool put(Bytes bits) {
    while (!bits.empty()) {
      const ssize_t sent = ::send(STDOUT_FILENO, bits.data(), bits.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bits = bits.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void hello(const wire::HelloT& hello = honest_hello()) {
    put(table(wire::FrameKind::hello, hello));
  }

  // The next frame of this kind; the others are dropped. Ends the process with
  // 0 when the kernel is gone.
  Frame await(wire::FrameKind kind) {
    for (;;) {
      const Frame frame = next();
      if (frame.kind() == kind) return frame;
    }
  }

  // The next frame, of whatever kind.
  // Life: its views last until the next call.
  Frame next() {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(read_));
    for (;;) {
      FrameDecoder decoder(input_);
      Frame frame;
      const bool whole = decoder.next(frame);
      read_ = decoder.consumed();
      if (whole) return frame;
      receive();
    }
  }

  // The first descriptor that came and was not taken yet; -1 without one.
  int take_fd() {
    if (fds_.empty()) return -1;
    const int fd = fds_.front();
    fds_.pop_front();
    return fd;
  }

  // Says an honest hello, waits for its welcome and says that it is at work.
  void enter(const wire::HelloT& honest = honest_hello()) {
    hello(honest);
    await(wire::FrameKind::welcome);
    await(wire::FrameKind::ping);
    put(frame(wire::FrameKind::pong));
  }

  // Listens and answers pings until it is told to stop.
  int live() {
    for (;;) {
      const Frame frame = next();
      if (frame.kind() == wire::FrameKind::ping) put(this->frame(wire::FrameKind::pong));
      if (frame.kind() == wire::FrameKind::stop) return goodbye();
    }
  }

  // Says goodbye, and is gone with the result.
  int goodbye() {
    put(frame(wire::FrameKind::stopped));
    return 0;
  }

 private:
  void receive() {
    const std::size_t had = input_.size();
    input_.resize(had + 4096);
    iovec part{input_.data() + had, 4096};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) std::_Exit(0);
    input_.resize(had + static_cast<std::size_t>(got));
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    fds_.push_back(fd);
  }

  PayloadWriter writer_;
  Bits input_;
  std::deque<int> fds_;
  std::size_t read_ = 0;
};

}  // namespace dkvm::test
