#include "tests/support/fake_kernel.hpp"
#include "tests/support/pool_memory.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::uint32_t kPool = 7;
constexpr std::uint32_t kXr24 = 0x34325258;
constexpr std::size_t kSlotBytes = 16 * 4096;

const std::string kViewer = DKVM_SOURCE_DIR "/sdk/examples/viewer-python/viewer.py";

// The kernel's side of one pool.
class Pool {
 public:
  Pool(FakeKernel& kernel, std::size_t slots, std::size_t slot_bytes = kSlotBytes)
      : kernel_(kernel),
        slots_(slots),
        stride_(slot_bytes),
        memory_(make_memory(slots * stride_)) {}

  void open(bool writable) {
    wire::PoolOpenT open;
    open.pool = kPool;
    open.writable = writable;
    open.slot_count = static_cast<std::uint32_t>(slots_);
    open.slot_bytes = stride_;
    open.bytes = slots_ * stride_;
    open.port = 1;
    open.share = writable ? 0 : 2;
    PayloadWriter writer;
    std::vector<std::byte> bytes;
    append_frame(bytes, {make_header(wire::FrameKind::pool_open), {}, {}, writer.write(open)});
    const auto fd = writable ? detail::Fd(::dup(memory_.get())) : for_reading(memory_);
    send_with_fds(kernel_.fd(), bytes, {fd.get()});
  }
  void close() {
    wire::PoolIdT pool;
    pool.pool = kPool;
    kernel_.send_table({.kind = wire::FrameKind::pool_close}, pool);
  }

  // A frame of this kind with one slot, for port 1.
  void send(wire::FrameKind kind, std::uint32_t slot, Bytes payload = {}) {
    const wire::BufferRef buffer(kPool, slot, 1, 0, 0, slot * stride_, stride_);
    Frame frame{make_header(kind), std::as_bytes(std::span(&buffer, 1)), {}, payload};
    frame.header.mutate_port(1);
    if (kind == wire::FrameKind::event) {
      frame.header.mutate_topic(id_of(wire::Topic::display_frame));
      frame.header.mutate_sequence(++sequence_);
    }
    std::vector<std::byte> bytes;
    append_frame(bytes, frame);
    kernel_.send_bytes(bytes);
  }
  void show(std::uint32_t slot, const DisplayFrame& frame) {
    PayloadWriter writer;
    send(wire::FrameKind::event, slot, writer.write(frame));
  }

  void put(std::size_t at, const std::vector<unsigned char>& bytes) {
    REQUIRE(::pwrite(memory_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
            static_cast<ssize_t>(bytes.size()));
  }
  unsigned char at(std::size_t offset) const {
    unsigned char value = 0;
    REQUIRE(::pread(memory_.get(), &value, 1, static_cast<off_t>(offset)) == 1);
    return value;
  }

 private:
  FakeKernel& kernel_;
  std::size_t slots_;
  std::size_t stride_;
  detail::Fd memory_;
  std::uint64_t sequence_ = 0;
};

DisplayFrame picture(std::uint32_t width, std::uint32_t height) {
  DisplayFrame frame;
  frame.width = width;
  frame.height = height;
  frame.stride = width * 4;
  frame.fourcc = kXr24;
  return frame;
}

bool maps_a_pool(pid_t pid) {
  return read_file("/proc/" + std::to_string(pid) + "/maps").find(kMemoryName) != std::string::npos;
}

}  // namespace

TEST_CASE("the example of a screen asks for a pool and publishes what it writes there") {
  FakeKernel kernel({DKVM_SCREEN});
  CHECK(kernel.greet().fds);
  const auto call = kernel.wait(wire::FrameKind::request);
  CHECK(call.as<wire::RequestT>().method == "memory.pool");
  CHECK(call.as<wire::RequestT>().body ==
        R"({"port":1,"slot_bytes":921600,"slots":3,"memory":"memfd"})");
  kernel.respond(call.header.sequence(), wire::Code::ok, R"({"pool":7,"slot_count":3})");
  Pool pool(kernel, 3, 921600);
  pool.open(true);
  CHECK(kernel.wait(wire::FrameKind::pool_mapped).as<wire::PoolIdT>().pool == kPool);
  pool.send(wire::FrameKind::slots, 1);
  const auto shown = kernel.wait(wire::FrameKind::event);
  CHECK(shown.header.buffer_count() == 1);
  CHECK(shown.as<DisplayFrame>().width == 640);
  CHECK(pool.at(921600) == 0);
  CHECK(pool.at(921600 + 10 * 640 * 4) == 10);
  CHECK(pool.at(0) == 0);
  pool.send(wire::FrameKind::slots, 0);
  kernel.wait(wire::FrameKind::event);
  CHECK(pool.at(0) == 1);
  CHECK(maps_a_pool(kernel.pid()));
  pool.close();
  kernel.wait(wire::FrameKind::pool_closed);
  CHECK_FALSE(maps_a_pool(kernel.pid()));
  kernel.stop();
  CHECK(kernel.wait_exit() == 0);
}

TEST_CASE("the example of a brightness reads what the screen wrote, and gives it back") {
  FakeKernel kernel({DKVM_BRIGHTNESS});
  CHECK(kernel.greet().fds);
  Pool pool(kernel, 2);
  pool.put(0, std::vector<unsigned char>(kSlotBytes, 255));
  pool.open(false);
  pool.show(0, picture(64, 256));
  kernel.wait_log("brightness 100 %");
  CHECK(kernel.wait(wire::FrameKind::release).header.buffer_count() == 1);
  pool.show(1, picture(64, 256));
  kernel.wait_log("brightness 0 %");
  kernel.wait(wire::FrameKind::release);
  pool.close();
  kernel.wait(wire::FrameKind::pool_closed);
  CHECK_FALSE(maps_a_pool(kernel.pid()));
  kernel.stop();
  CHECK(kernel.wait_exit() == 0);
}

TEST_CASE("the example in Python writes the whole picture, of parts of it too") {
  const TempDir dir;
  const auto file = dir.file("screen.ppm");
  FakeKernel kernel({"/usr/bin/python3", kViewer}, {{"DKVM_CONFIG_FILE", file},
                                                    {"PYTHONPATH", DKVM_PYTHON_DIR},
                                                    {"PYTHONDONTWRITEBYTECODE", "1"}});
  CHECK(kernel.greet().fds);
  Pool pool(kernel, 2);
  pool.open(false);
  pool.put(0, {1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0});
  pool.show(0, picture(2, 2));
  kernel.wait(wire::FrameKind::release);
  CHECK(read_file(file) == "P6\n2 2\n255\n\3\2\1\6\5\4\11\10\7\14\13\12");

  auto part = picture(2, 2);
  part.partial = true;
  part.damage = wire::Rect(1, 0, 1, 2);
  part.stride = 4;
  pool.put(kSlotBytes, {21, 22, 23, 0, 31, 32, 33, 0});
  pool.show(1, part);
  kernel.wait(wire::FrameKind::release);
  CHECK(read_file(file) == "P6\n2 2\n255\n\3\2\1\27\26\25\11\10\7\41\40\37");

  auto liar = picture(60000, 60000);
  pool.show(1, liar);
  kernel.wait(wire::FrameKind::release);
  kernel.wait_log("<4>a frame is not what it says");

  pool.close();
  kernel.wait(wire::FrameKind::pool_closed);
  CHECK_FALSE(maps_a_pool(kernel.pid()));
  kernel.stop();
  CHECK(kernel.wait_exit() == 0);
}
