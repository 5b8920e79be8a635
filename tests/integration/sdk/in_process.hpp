#pragma once

#include <dkvm/device.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// For devices that run within the test's process: the kernel's end is a socket
// of the test.
namespace dkvm::test {

inline bool readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

// Does all that the device has to do at present.
inline void settle(Context& context) {
  while (readable(context.fd())) context.dispatch();
}

struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    kernel = detail::Fd(ends[0]);
    device = detail::Fd(ends[1]);
    device_too = detail::Fd(::dup(ends[1]));
  }
  detail::Fd kernel, device, device_too;
};

inline void say(int fd, const Frame& frame) {
  std::vector<std::byte> bytes;
  append_frame(bytes, frame);
  REQUIRE(::send(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

inline void welcome(int fd, std::uint32_t silence_ms = 0) {
  wire::WelcomeT answer;
  answer.protocol = kProtocolVersion;
  answer.silence_ms = silence_ms;
  PayloadWriter writer;
  say(fd, {make_header(wire::FrameKind::welcome), {}, {}, writer.write(answer)});
}

// An event, or a message upstream, for a port of the device.
template <class Message>
void tell(int fd, wire::FrameKind kind, std::uint16_t port, const Message& message) {
  static std::uint64_t sequence = 0;
  PayloadWriter writer;
  Frame frame{make_header(kind), {}, {}, writer.write(message)};
  frame.header.mutate_port(port);
  frame.header.mutate_topic(id_of(topic_of<Message>));
  frame.header.mutate_sequence(++sequence);
  say(fd, frame);
}

// What the device has sent since the last time: `event 9`, kind and port.
inline std::vector<std::string> heard(int fd) {
  std::vector<std::byte> bytes(256 * 1024);
  std::size_t filled = 0;
  while (readable(fd)) {
    const ssize_t got = ::recv(fd, bytes.data() + filled, bytes.size() - filled, 0);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  std::vector<std::string> said;
  FrameDecoder decoder({bytes.data(), filled});
  Frame frame;
  while (decoder.next(frame))
    said.push_back(std::string(wire::EnumNameFrameKind(frame.kind())) + " " +
                   std::to_string(frame.header.port()));
  return said;
}

// A device over a pair, welcomed.
struct Running {
  explicit Running(Device& device, std::uint32_t silence_ms = 0) {
    auto made = device.run_over(std::move(pair.device), std::move(pair.device_too));
    REQUIRE(made);
    context = std::move(*made);
    welcome(fd(), silence_ms);
    settle(*context);
    heard(fd());
  }
  int fd() const { return pair.kernel.get(); }

  Pair pair;
  std::unique_ptr<Context> context;
};

}  // namespace dkvm::test
