#include "tests/unit/sdk/pool_rig.hpp"

#include <dkvm/detail/stream.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

std::vector<std::byte> a_frame(wire::FrameKind kind) {
  std::vector<std::byte> bytes;
  append_frame(bytes, {make_header(kind), {}, {}, {}});
  return bytes;
}

ino_t inode(const detail::Fd& fd) {
  struct stat file {};
  REQUIRE(::fstat(fd.get(), &file) == 0);
  return file.st_ino;
}

struct Wire {
  explicit Wire(bool accepts = true) {
    if (accepts) stream.accept_fds();
  }

  // The memory that came with each pool_open; 0 for none.
  std::vector<ino_t> taken() {
    std::vector<ino_t> inodes;
    while (readable(pair.device.get())) {
      REQUIRE(stream.fill() == true);
      REQUIRE(stream.each_frame([&](const Frame& frame) {
        if (frame.kind() != wire::FrameKind::pool_open) return true;
        const auto fd = stream.take_fd();
        inodes.push_back(fd ? inode(fd) : 0);
        return true;
      }));
    }
    return inodes;
  }

  Pair pair;
  detail::Stream stream{pair.device.get(), pair.device.get()};
};

}  // namespace

TEST_CASE("descriptors are taken in the order of their frames, wherever the frames are torn") {
  Wire wire;
  std::vector<ino_t> sent;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto memory = make_memory(kStride);
    sent.push_back(inode(memory));
    say(wire.pair.kernel.get(), {make_header(wire::FrameKind::ping), {}, {}, {}});
    const auto bytes = a_frame(wire::FrameKind::pool_open);
    const Bytes all(bytes);
    send_with_fds(wire.pair.kernel.get(), all.first(1 + 13 * i), {memory.get()});
    send_with_fds(wire.pair.kernel.get(), all.subspan(1 + 13 * i), {});
  }
  CHECK(wire.taken() == sent);
}

TEST_CASE("descriptors that no frame takes are closed") {
  Wire wire;
  const std::size_t before = open_fds();
  const auto memory = make_memory(kStride);
  send_with_fds(wire.pair.kernel.get(), a_frame(wire::FrameKind::ping), {memory.get()});
  CHECK(wire.taken().empty());
  CHECK(open_fds() == before + 1);
  // and the next pool does not get them
  send_with_fds(wire.pair.kernel.get(), a_frame(wire::FrameKind::pool_open), {});
  CHECK(wire.taken() == std::vector<ino_t>{0});
}

TEST_CASE("of the descriptors that wait for their frame no more than the limit are held") {
  Wire wire;
  const auto memory = make_memory(kStride);
  const auto bytes = a_frame(wire::FrameKind::pool_open);
  const Bytes all(bytes);
  const std::size_t before = open_fds();
  for (std::size_t i = 0; i < 3; ++i) {
    send_with_fds(wire.pair.kernel.get(), all.subspan(i, 1), std::vector(10, memory.get()));
    REQUIRE(wire.taken().empty());
  }
  CHECK(open_fds() == before + detail::FdInbox::kFdsMax);
  send_with_fds(wire.pair.kernel.get(), all.subspan(3), {});
  CHECK(wire.taken() == std::vector{inode(memory)});
  CHECK(open_fds() == before);
}

TEST_CASE("a device without buffers takes no descriptors") {
  Wire wire(false);
  const auto memory = make_memory(kStride);
  const std::size_t before = open_fds();
  send_with_fds(wire.pair.kernel.get(), a_frame(wire::FrameKind::pool_open), {memory.get()});
  CHECK(wire.taken() == std::vector<ino_t>{0});
  CHECK(open_fds() == before);
}
