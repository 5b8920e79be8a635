#pragma once

#include "tests/integration/sdk/in_process.hpp"
#include "tests/support/pool_memory.hpp"

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

// A kernel that deals in buffers, played by a test: pools are real memfds and
// travel as the kernel sends them.
namespace dkvm::test {

// A frame with all that it carries.
struct Heard {
  wire::FrameHeader header;
  std::vector<wire::BufferRef> buffers;
  std::vector<std::byte> payload;
  std::vector<wire::HopStamp> hops{};

  wire::FrameKind kind() const { return kind_of(header); }
  template <class Native>
  Native as() const {
    auto value = read_payload<Native>(payload);
    REQUIRE(value);
    return std::move(*value);
  }
};

inline std::string names_of(const std::vector<Heard>& frames) {
  std::string names;
  for (const auto& frame : frames)
    names += std::string(names.empty() ? "" : " ") + wire::EnumNameFrameKind(frame.kind());
  return names;
}

inline std::size_t open_fds() {
  std::size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) ++count;
  return count;
}

constexpr std::size_t kStride = 4096;

inline wire::BufferRef ref(std::uint32_t pool, std::uint32_t slot, std::uint64_t length,
                           std::uint32_t generation = 1) {
  return {pool, slot, generation, 0, 0, slot * kStride, length};
}

// A device and the kernel that it talks with.
class PoolRig {
 public:
  explicit PoolRig(Device& device) : running_(device) {}

  Context& context() { return *running_.context; }
  int fd() const { return running_.fd(); }
  void settle() { dkvm::test::settle(context()); }
  void end() { running_.context.reset(); }

  static wire::PoolOpenT pool(std::uint32_t id, bool writable, std::uint32_t slots = 4,
                              std::uint16_t port = 1) {
    wire::PoolOpenT open;
    open.pool = id;
    open.writable = writable;
    open.slot_count = slots;
    open.slot_bytes = kStride;
    open.bytes = slots * kStride;
    open.port = port;
    open.share = writable ? 0 : 4;
    return open;
  }

  void open(const wire::PoolOpenT& open, const detail::Fd& memory) {
    PayloadWriter writer;
    std::vector<std::byte> bytes;
    append_frame(bytes, {make_header(wire::FrameKind::pool_open), {}, {}, writer.write(open)});
    send_with_fds(fd(), bytes, memory ? std::vector{memory.get()} : std::vector<int>{});
    settle();
  }
  void close(std::uint32_t pool) {
    wire::PoolIdT message;
    message.pool = pool;
    PayloadWriter writer;
    say(fd(), {make_header(wire::FrameKind::pool_close), {}, {}, writer.write(message)});
    settle();
  }
  void grant(std::uint16_t port, const std::vector<wire::BufferRef>& slots) {
    Frame frame{make_header(wire::FrameKind::slots), std::as_bytes(std::span(slots)), {}, {}};
    frame.header.mutate_port(port);
    say(fd(), frame);
    settle();
  }
  // The answer to the call of this id.
  void answer(std::uint64_t call, const std::string& body, wire::Code code = wire::Code::ok) {
    wire::ResponseT response;
    response.code = code;
    (code == wire::Code::ok ? response.body : response.message) = body;
    PayloadWriter writer;
    Frame frame{make_header(wire::FrameKind::response), {}, {}, writer.write(response)};
    frame.header.mutate_sequence(call);
    say(fd(), frame);
    settle();
  }
  // An event with buffers; the device looks at it in settle().
  template <class Event>
  void event(std::uint16_t port, const std::vector<wire::BufferRef>& buffers, const Event& event) {
    PayloadWriter writer;
    Frame frame{make_header(wire::FrameKind::event),
                std::as_bytes(std::span(buffers)),
                {},
                writer.write(event)};
    frame.header.mutate_port(port);
    frame.header.mutate_topic(id_of(topic_of<Event>));
    frame.header.mutate_sequence(++sequence_);
    frame.header.mutate_capture_ns(1000 + sequence_);
    say(fd(), frame);
  }

  // Runs the device until it has said something; what it has said.
  std::vector<Heard> wait_heard() {
    const std::uint64_t end = now_ns() + kWaitNsMax;
    while (!readable(fd()) && now_ns() < end) context().dispatch(kTurnMs);
    return heard();
  }

  // What the device has said since the last time.
  std::vector<Heard> heard() {
    settle();
    std::vector<std::byte> bytes(256 * 1024);
    std::size_t filled = 0;
    while (readable(fd())) {
      const ssize_t got = ::recv(fd(), bytes.data() + filled, bytes.size() - filled, 0);
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    std::vector<Heard> frames;
    FrameDecoder decoder({bytes.data(), filled});
    for (Frame frame; decoder.next(frame);) {
      Heard one{frame.header, {}, {frame.payload.begin(), frame.payload.end()}};
      for (std::size_t i = 0; i < frame.header.buffer_count(); ++i)
        one.buffers.push_back(frame.buffer(i));
      for (std::size_t i = 0; i < frame.header.hop_count(); ++i) one.hops.push_back(frame.hop(i));
      frames.push_back(std::move(one));
    }
    REQUIRE(decoder.consumed() == filled);
    return frames;
  }

 private:
  static constexpr std::uint64_t kWaitNsMax = 10'000'000'000;
  static constexpr int kTurnMs = 100;

  Running running_;
  std::uint64_t sequence_ = 0;
};

}  // namespace dkvm::test
