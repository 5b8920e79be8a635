#include "kernel/channel/outbox.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

using namespace dkvm;

namespace {

struct Pair {
  UniqueFd ours, theirs;

  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
};

SharedFd file() { return std::make_shared<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

Frame frame_of(std::uint64_t sequence, Bytes payload = {}) {
  Frame frame{make_header(wire::FrameKind::pool_open), {}, {}, payload};
  frame.header.mutate_sequence(sequence);
  return frame;
}

// Reads what is there: whole frames, and which byte each descriptor came by at
// the latest.
struct Reader {
  int socket;
  std::vector<std::byte> bytes;
  std::vector<std::size_t> fds_after;  // bytes that had been read when one came

  bool read() {
    std::byte room[1000];
    iovec piece{room, sizeof room};
    alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) return false;
    bytes.insert(bytes.end(), room, room + got);
    REQUIRE((message.msg_flags & MSG_CTRUNC) == 0);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
      REQUIRE(header->cmsg_len == CMSG_LEN(sizeof(int)));
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      ::close(fd);
      fds_after.push_back(bytes.size());
    }
    return true;
  }

  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> all;
    FrameDecoder decoder(bytes);
    Frame frame;
    while (decoder.next(frame)) all.push_back(frame.header.sequence());
    return all;
  }
};

}  // namespace

TEST_CASE("frames and other bytes leave in order") {
  Pair pair;
  Outbox outbox;
  std::vector<std::byte> event;
  append_frame(event, frame_of(2));
  outbox.append(frame_of(1), nullptr);
  outbox.append(event);
  outbox.append(frame_of(3), nullptr);
  CHECK(outbox.size() == 3 * kHeaderBytes);
  CHECK(outbox.send(pair.ours.get()).value());
  CHECK(outbox.empty());
  Reader reader{pair.theirs.get(), {}, {}};
  while (reader.read()) {
  }
  CHECK(reader.sequences() == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("each descriptor rides on its own frame, however full the socket is") {
  Pair pair;
  Outbox outbox;
  Reader reader{pair.theirs.get(), {}, {}};
  std::mt19937 random(20261120);
  std::vector<std::uint64_t> expected;
  std::vector<std::size_t> riders;  // where their frames begin
  std::size_t appended = 0;
  const std::vector<std::byte> payload(50'000);
  for (std::uint64_t i = 1; i <= 400; ++i) {
    const bool rides = random() % 3 == 0;
    const Frame frame = frame_of(i, Bytes(payload).first(random() % payload.size()));
    if (rides) riders.push_back(appended);
    const std::size_t before = outbox.size();
    outbox.append(frame, rides ? file() : nullptr);
    appended += outbox.size() - before;
    expected.push_back(i);
    REQUIRE(outbox.send(pair.ours.get()));
    for (std::uint64_t reads = random() % 40; reads != 0; --reads) reader.read();
  }
  while (!outbox.empty()) {
    REQUIRE(outbox.send(pair.ours.get()));
    reader.read();
  }
  while (reader.read()) {
  }
  CHECK(reader.sequences() == expected);
  REQUIRE(reader.fds_after.size() == riders.size());
  for (std::size_t i = 0; i < riders.size(); ++i) {
    CHECK(reader.fds_after[i] > riders[i]);
    if (i + 1 < riders.size()) CHECK(reader.fds_after[i] <= riders[i + 1]);
  }
}

TEST_CASE("a descriptor is kept open until it has left, and no longer") {
  Pair pair;
  Outbox outbox;
  SharedFd fd = file();
  std::weak_ptr<const UniqueFd> seen = fd;
  outbox.append(frame_of(1), std::move(fd));
  CHECK_FALSE(seen.expired());
  CHECK(outbox.send(pair.ours.get()).value());
  CHECK(seen.expired());
}

TEST_CASE("what a broken socket did not take is gone") {
  Pair pair;
  pair.theirs.reset();
  Outbox outbox;
  outbox.append(frame_of(1), file());
  const auto sent = outbox.send(pair.ours.get());
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code() == Errc::disconnected);
  CHECK(outbox.empty());
}
