#include "kernel/channel/channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

using namespace dkvm;

namespace {

constexpr std::size_t kBudgetBytes = 32 * 1024;

// Counts what it is told, and has `to_send` events to give.
struct Owner final : ChannelOwner {
  std::vector<std::uint64_t> frames;  // sequences
  std::vector<std::size_t> turns;     // how many frames there were at the end of each
  std::uint64_t to_send = 0;
  std::uint64_t sent = 0;
  std::optional<Error> closed;
  bool torn = false;

  bool on_frame(const Frame& frame, std::uint64_t) override {
    frames.push_back(frame.header.sequence());
    return true;
  }
  void on_turn_end() override { turns.push_back(frames.size()); }
  std::size_t fill(std::span<std::byte> out, std::size_t budget) override {
    std::size_t bytes = 0;
    while (sent < to_send && bytes < budget) {
      wire::FrameHeader header = make_header(wire::FrameKind::event);
      header.mutate_sequence(++sent);
      bytes += write_frame(out.data() + bytes, {header, {}, {}, {}});
    }
    return bytes;
  }
  void on_closed(const Error& error, bool in_mid_frame) override {
    REQUIRE_FALSE(closed);
    closed = error;
    torn = in_mid_frame;
  }
};

struct Ends {
  UniqueFd kernel;
  UniqueFd device;

  explicit Ends(int type) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    kernel.reset(fds[0]);
    device.reset(fds[1]);
  }
};

struct Rig {
  Loop loop;
  ChannelScratch scratch{loop};
  Owner owner;
  UniqueFd device;
  std::optional<Channel> channel;

  explicit Rig(int type = SOCK_STREAM) {
    Ends ends(type);
    device = std::move(ends.device);
    channel.emplace(loop, std::move(ends.kernel), scratch, owner, kBudgetBytes);
  }
  void write(Bytes bytes) {
    REQUIRE(::send(device.get(), bytes.data(), bytes.size(), 0) ==
            static_cast<ssize_t>(bytes.size()));
  }
  // What one read gives; empty when there is nothing.
  std::vector<std::byte> read() {
    std::vector<std::byte> bytes(256 * 1024);
    const ssize_t got = ::recv(device.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
};

std::vector<std::byte> pings(std::size_t count) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 1; i <= count; ++i) {
    Frame frame{make_header(wire::FrameKind::ping), {}, {}, {}};
    frame.header.mutate_sequence(i);
    append_frame(bytes, frame);
  }
  return bytes;
}

}  // namespace

TEST_CASE("a channel reads 16 KiB a turn, however much there is") {
  Rig rig;
  const std::size_t frames_a_turn = kReadBytesPerTurnMax / kHeaderBytes;
  rig.write(pings(3 * frames_a_turn));
  while (rig.owner.turns.size() < 3) rig.loop.run_once();
  CHECK(rig.owner.turns ==
        std::vector<std::size_t>{frames_a_turn, 2 * frames_a_turn, 3 * frames_a_turn});
}

TEST_CASE("of those who flood one takes a turn each time the loop comes round, and a key none") {
  Rig flood;
  std::vector<Ends> ends;
  std::vector<Owner> owners(3);
  std::vector<std::unique_ptr<Channel>> channels;
  for (Owner& owner : owners) {
    Ends& end = ends.emplace_back(SOCK_STREAM);
    channels.push_back(std::make_unique<Channel>(flood.loop, std::move(end.kernel), flood.scratch,
                                                 owner, kBudgetBytes));
  }
  const auto full_turns = pings(4 * kReadBytesPerTurnMax / kHeaderBytes);
  const auto write = [&](std::size_t to, Bytes bytes) {
    REQUIRE(::send(ends[to].device.get(), bytes.data(), bytes.size(), 0) ==
            static_cast<ssize_t>(bytes.size()));
  };
  const auto floods_turns = [&] {
    return flood.owner.turns.size() + owners[0].turns.size() + owners[1].turns.size();
  };
  flood.write(full_turns);
  write(0, full_turns);
  write(1, full_turns);
  flood.loop.run_once();
  REQUIRE(floods_turns() >= 3);  // the first turn of each is full
  for (std::size_t key = 1; key <= 3; ++key) {
    write(2, pings(1));
    const std::size_t before = floods_turns();
    flood.loop.run_once();
    CHECK(owners[2].frames.size() == key);
    CHECK(floods_turns() == before + 1);
  }
  while (floods_turns() < 12) flood.loop.run_once();
  CHECK(flood.owner.frames.size() == owners[1].frames.size());
}

TEST_CASE("a channel puts frames together that come byte by byte") {
  Rig rig;
  for (const std::byte byte : pings(3)) {
    rig.write({&byte, 1});
    rig.channel->read_all();
  }
  CHECK(rig.owner.frames == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("what is ready leaves in one write, the kernel's own frames first") {
  Rig rig(SOCK_SEQPACKET);  // keeps writes apart
  for (int i = 0; i < 3; ++i) rig.channel->send({make_header(wire::FrameKind::pong), {}, {}, {}});
  rig.owner.to_send = 2;
  rig.channel->flush();
  const auto own = rig.read();
  CHECK(own.size() == 3 * kHeaderBytes);
  CHECK(rig.read().size() == 2 * kHeaderBytes);
  CHECK(rig.read().empty());
  FrameDecoder decoder(own);
  Frame frame;
  REQUIRE(decoder.next(frame));
  CHECK(frame.kind() == wire::FrameKind::pong);
}

TEST_CASE("what the socket does not take is sent when it does, whole and in order") {
  Rig rig;
  rig.owner.to_send = 20'000;  // 1.2 MiB, more than a socket holds
  rig.channel->flush();
  CHECK(rig.owner.sent < rig.owner.to_send);
  std::vector<std::byte> got;
  while (got.size() < rig.owner.to_send * kHeaderBytes) {
    for (auto bytes = rig.read(); !bytes.empty(); bytes = rig.read())
      got.insert(got.end(), bytes.begin(), bytes.end());
    if (got.size() < rig.owner.to_send * kHeaderBytes) rig.loop.run_once();
  }
  FrameDecoder decoder(got);
  Frame frame;
  std::uint64_t expected = 0;
  while (decoder.next(frame)) {
    ++expected;
    if (frame.header.sequence() != expected) FAIL("frame " << expected << " is missing");
  }
  CHECK(expected == rig.owner.to_send);
  CHECK(rig.channel->backlog() == 0);
}

TEST_CASE("a device that leaves 4 MiB of the kernel's frames unread is closed") {
  Rig rig;
  const std::vector<std::byte> payload(32 * 1024);
  for (int i = 0; i < 200 && !rig.owner.closed; ++i) {
    rig.channel->send({make_header(wire::FrameKind::response), {}, {}, payload});
    rig.channel->flush();
  }
  REQUIRE(rig.owner.closed);
  CHECK(rig.owner.closed->code() == Errc::overloaded);
  CHECK(rig.channel->closed());
}

TEST_CASE("a device that leaves 257 descriptors unread is closed, and they are let go of") {
  Rig rig;
  const std::vector<std::byte> payload(32 * 1024);
  while (rig.channel->backlog() == 0) {
    rig.channel->send({make_header(wire::FrameKind::response), {}, {}, payload});
    rig.channel->flush();
  }
  const auto fd = std::make_shared<const UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (std::size_t i = 0; i < Channel::kUnreadDescriptorsMax; ++i)
    rig.channel->send({make_header(wire::FrameKind::pool_open), {}, {}, {}}, fd);
  rig.channel->flush();
  REQUIRE_FALSE(rig.owner.closed);
  rig.channel->send({make_header(wire::FrameKind::pool_open), {}, {}, {}}, fd);
  rig.channel->flush();
  REQUIRE(rig.owner.closed);
  CHECK(rig.owner.closed->code() == Errc::overloaded);
  CHECK_THAT(rig.owner.closed->message(), Catch::Contains("257 descriptors unread"));
  CHECK(fd.use_count() == 1);
}

TEST_CASE("a closed stream says whether it ended in the middle of a frame") {
  Rig rig;
  const bool torn = GENERATE(false, true);
  const auto bytes = pings(2);
  rig.write(Bytes(bytes).first(torn ? bytes.size() - 1 : bytes.size()));
  rig.device.reset();
  rig.channel->read_all();
  REQUIRE(rig.owner.closed);
  CHECK(rig.owner.closed->code() == Errc::disconnected);
  CHECK(rig.owner.torn == torn);
  CHECK(rig.owner.frames.size() == (torn ? 1 : 2));
}

TEST_CASE("bytes that are no frame close the channel, after the frames before them") {
  Rig rig;
  auto bytes = pings(2);
  bytes.resize(bytes.size() + kHeaderBytes, std::byte{0x55});
  rig.write(bytes);
  rig.channel->read_all();
  CHECK(rig.owner.frames.size() == 2);
  REQUIRE(rig.owner.closed);
  CHECK(rig.owner.closed->code() == Errc::corrupt);
}
