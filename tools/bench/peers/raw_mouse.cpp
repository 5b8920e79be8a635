// The least that reading a fast mouse can cost: epoll and read.
//
//   dkvm-bench-raw-mouse source|reader CONTROL NAME
//
// source writes to descriptor 3, reader reads from it.

#include "tools/bench/harness/mouse_stream.hpp"
#include "tools/bench/peers/endpoint.hpp"

#include <unistd.h>

#include <array>

namespace dkvm::bench {
namespace {

constexpr int kStreamFd = 3;
constexpr std::size_t kReadBytes = 16 * 1024;  // as the kernel's

class MouseFrames {
 public:
  MouseFrames() {
    PayloadWriter writer;
    add(motion_, wire::Topic::pointer_motion, writer.write(motion_by(kTravel, 0)));
    add(down_, wire::Topic::pointer_button, writer.write(button(kMouseCode, true)));
    add(up_, wire::Topic::pointer_button, writer.write(button(kMouseCode, false)));
  }

  Bytes make(const MouseStep& step) {
    std::vector<std::byte>& bytes = !step.is_button ? motion_ : step.down ? down_ : up_;
    auto* header = reinterpret_cast<wire::FrameHeader*>(bytes.data());
    header->mutate_sequence(++sequence_);
    header->mutate_capture_ns(now_ns());
    return bytes;
  }

 private:
  static void add(std::vector<std::byte>& bytes, wire::Topic topic, Bytes payload) {
    Frame frame{make_header(wire::FrameKind::event), {}, {}, payload};
    frame.header.mutate_port(1);
    frame.header.mutate_topic(id_of(topic));
    append_frame(bytes, frame);
  }

  std::vector<std::byte> motion_;
  std::vector<std::byte> down_;
  std::vector<std::byte> up_;
  std::uint64_t sequence_ = 0;
};

int run_mouse(const ControlLink& control) {
  Pacer pacer;
  const Epoll epoll(pacer.fd());
  MouseSteps steps;
  MouseFrames frames;
  while (const auto order = control.next()) {
    Outcome outcome;
    const std::uint64_t end_ns = now_ns() + order->duration_ns;
    pacer.start(order->rate_hz);
    while (now_ns() < end_ns) {
      epoll.wait(kSilenceMs);
      for (std::uint64_t due = pacer.due(); due != 0; --due) {
        const MouseStep step = steps.next();
        const Bytes bytes = frames.make(step);
        if (::write(kStreamFd, bytes.data(), bytes.size()) < 0) return 1;
        count(step, outcome);
      }
    }
    pacer.stop();
    control.report(outcome);
  }
  return 0;
}

int run_reader() {
  const Epoll epoll(kStreamFd);
  std::array<std::byte, kReadBytes> bytes;
  for (;;) {
    if (!epoll.wait(-1)) continue;
    if (::read(kStreamFd, bytes.data(), bytes.size()) <= 0) return 0;
  }
}

int run(const PeerArguments& arguments) {
  return with_control(arguments, [&](const ControlLink& control) {
    return arguments.role == "source" ? run_mouse(control) : run_reader();
  });
}

}  // namespace
}  // namespace dkvm::bench

int main(int argc, char** argv) {
  if (argc != 4) return dkvm::bench::misuse_of_peer();
  return dkvm::bench::run({argv[1], argv[2], argv[3]});
}
