#include "tools/bench/harness/bare_start.hpp"

#include "tools/bench/harness/interrupt.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/time.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace dkvm::bench {
namespace {

constexpr Conductor::Timeout kReadyTimeMax{10'000};
constexpr int kStandardFds = 3;

Result<> await_hello(int fd) {
  std::vector<std::byte> bytes(kFrameBytesMax);
  std::size_t filled = 0;
  Frame frame;
  for (;;) {
    DKVM_TRY(const bool ready, wait_readable(fd, kReadyTimeMax));
    if (!ready) return fail(Errc::timeout, "the bare device says nothing");
    const ssize_t got = ::recv(fd, bytes.data() + filled, bytes.size() - filled, 0);
    if (got <= 0) return fail(Errc::disconnected, "the bare device has ended");
    filled += static_cast<std::size_t>(got);
    FrameDecoder decoder(Bytes(bytes).first(filled));
    if (!decoder.next(frame)) continue;
    if (frame.kind() != wire::FrameKind::hello)
      return fail(Errc::corrupt, "the bare device does not begin with hello");
    return {};
  }
}

Result<> welcome(int fd, const std::string& name) {
  wire::WelcomeT message;
  message.protocol = kProtocolVersion;
  message.kernel = "bare";
  message.kernel_id = 1;
  message.device = name;
  message.device_id = 1;
  message.incarnation = 1;
  message.silence_ms = static_cast<std::uint32_t>(kKernelSilenceMax.count());
  PayloadWriter writer;
  std::vector<std::byte> bytes;
  append_frame(bytes, {make_header(wire::FrameKind::welcome), {}, {}, writer.write(message)});
  if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    return fail(Errc::disconnected, "the bare device has ended");
  return {};
}

}  // namespace

Result<BareDevice> start_bare(Conductor& conductor, const std::string& role,
                              const std::string& name) {
  const std::uint64_t start_ns = now_ns();
  const std::string bin = own_folder();
  DKVM_TRY(SocketPair stream, make_socket_pair());
  const detail::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  Command command;
  command.args = {bin + "/dkvm-launcher",
                  "--parent",
                  std::to_string(::getpid()),
                  "--",
                  bin + "/dkvm-bench",
                  "--device",
                  role,
                  conductor.path()};
  command.fds = {{stream.b.get(), 0}, {stream.b.get(), 1}, {null.get(), kStandardFds - 1}};
  DKVM_TRY(Process process, Process::start(command));
  DKVM_CHECK(await_hello(stream.a.get()));
  DKVM_CHECK(welcome(stream.a.get(), name));
  DKVM_CHECK(conductor.await_next(name, start_ns, kReadyTimeMax));
  return BareDevice{std::move(stream.a), std::move(process)};
}

}  // namespace dkvm::bench
