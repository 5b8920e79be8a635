#include "tests/unit/sdk/screen_rig.hpp"

#include <thread>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::size_t kSlotBytes = 16 * 1024 * 1024;  // four of which take a while

struct Rig : ScreenRig {
  // Small pools are 7, large ones 8.
  wire::PoolOpenT large() {
    auto open = pool(8, true);
    open.slot_bytes = kSlotBytes;
    open.bytes = 4 * kSlotBytes;
    return open;
  }
  std::vector<std::byte> opening() {
    PayloadWriter writer;
    std::vector<std::byte> bytes;
    append_frame(bytes, {make_header(wire::FrameKind::pool_open), {}, {}, writer.write(large())});
    return bytes;
  }
  void asked_large() {
    PoolOptions options{.slot_bytes = kSlotBytes};
    options.attach = [this](const PoolView& view) {
      CHECK(view.fd >= 0);
      CHECK(std::this_thread::get_id() == thread);
      ++attached;
      return Result<>{};
    };
    options.detach = [this](const PoolView&) { ++detached; };
    answer(ask(std::move(options)), R"({"pool":8})");
  }
  // pool_open and this frame in one piece, so that both are read in one turn.
  void open_large_and(const Frame& frame) {
    auto bytes = opening();
    append_frame(bytes, frame);
    send_with_fds(fd(), bytes, {memory.get()});
    context().dispatch();
  }
  // So much was not dropped by a hole: blocks that the memory has.
  bool populated() const {
    struct stat file {};
    REQUIRE(::fstat(memory.get(), &file) == 0);
    return static_cast<std::size_t>(file.st_blocks) * 512 >= 4 * kSlotBytes;
  }

  const std::thread::id thread = std::this_thread::get_id();
  detail::Fd memory = make_memory(4 * kSlotBytes);
  int attached = 0;
  int detached = 0;
};

}  // namespace

TEST_CASE("a device goes on while the pages of a large pool are got") {
  Rig rig;
  rig.asked_large();
  rig.open_large_and({make_header(wire::FrameKind::ping), {}, {}, {}});
  std::string said = names_of(rig.heard());
  while (said == "pong") said.append(" ").append(names_of(rig.wait_heard()));
  CHECK(said == "pong pool_mapped");
  CHECK(rig.attached == 1);
  CHECK(rig.populated());
  rig.grant(1, {{8, 2, 1, 0, 0, 2 * kSlotBytes, kSlotBytes}});
  const auto slot = rig.out.borrow();
  REQUIRE(slot);
  slot->bytes()[0] = std::byte{1};
}

TEST_CASE("slots of the pool that is there are published while a larger one is got ready") {
  Rig rig;
  rig.opened(7);
  auto slot = rig.out.borrow();
  send_with_fds(rig.fd(), rig.opening(), {rig.memory.get()});
  rig.context().dispatch();
  REQUIRE(rig.out.publish(std::move(*slot), 1, DisplayFrame{}));
  auto frames = rig.wait_heard();
  while (frames.back().kind() == wire::FrameKind::event)
    for (auto& frame : rig.wait_heard()) frames.push_back(std::move(frame));
  CHECK(names_of(frames) == "event pool_mapped");
}

TEST_CASE("a large pool that is closed while its pages are got is not mapped any more") {
  Rig rig;
  rig.asked_large();
  wire::PoolIdT message;
  message.pool = 8;
  PayloadWriter writer;
  rig.open_large_and({make_header(wire::FrameKind::pool_close), {}, {}, writer.write(message)});
  CHECK(names_of(rig.heard()) == "pool_closed");
  // Whatever the helper has said is read by when another pool is there.
  rig.answer(rig.ask(), R"({"pool":9})");
  rig.open_granted(9);
  CHECK(rig.out.borrow()->pool() == 9);
  CHECK(rig.attached == 0);
  CHECK(rig.detached == 0);
}

TEST_CASE("a device ends, and a port closes, while the pages of a large pool are got") {
  Rig rig;
  rig.asked_large();
  send_with_fds(rig.fd(), rig.opening(), {rig.memory.get()});
  rig.context().dispatch();
  SECTION("the device") { rig.end(); }
  SECTION("the port") {
    REQUIRE(rig.context().close_port(1));
    CHECK(names_of(rig.heard()) == "port_close");
    rig.close(8);
    CHECK(names_of(rig.heard()) == "pool_closed");
  }
  CHECK(rig.attached == 0);
}
