#include "tests/integration/control/fake_kernel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace dkvm::test {
namespace {

constexpr int kTurnMs = 2;

}  // namespace

FakeKernel::FakeKernel(const std::string& directory, std::vector<std::string> extra)
    : directory_(directory) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("no socketpair can be made");
  stream_ = detail::Fd(ends[0]);
  const detail::Fd theirs(ends[1]);
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvm-control"};
  setup.environment = std::move(extra);
  setup.environment.push_back("DKVM_RUNTIME_DIR=" + directory);
  setup.stream = theirs.get();
  setup.err = directory + "/control.log";
  device_ = std::make_unique<Child>(setup);
}

bool FakeKernel::until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    serve();
  }
  return true;
}

bool FakeKernel::ready() {
  return until([this] { return RawClient(socket()).connected(); });
}

void FakeKernel::serve() {
  if (!stream_) {
    ::poll(nullptr, 0, kTurnMs);
    return;
  }
  pollfd device{stream_.get(), POLLIN, 0};
  if (::poll(&device, 1, kTurnMs) <= 0) return;
  std::array<std::byte, 64 * 1024> bytes;
  const ssize_t got = ::recv(stream_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got == 0) return stream_.reset();
  if (got < 0) return;
  input_.insert(input_.end(), bytes.begin(), bytes.begin() + got);
  FrameDecoder decoder(input_);
  Frame frame;
  while (decoder.next(frame)) take(frame);
  if (decoder.fault() != FrameFault::none) throw std::runtime_error("a frame is damaged");
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(decoder.consumed()));
}

void FakeKernel::take(const Frame& frame) {
  const std::uint64_t id = frame.header.sequence();
  if (frame.kind() == wire::FrameKind::hello) {
    wire::WelcomeT welcome;
    welcome.protocol = kProtocolVersion;
    welcome.kernel = "desk";
    welcome.device = "control";
    Frame answer{make_header(wire::FrameKind::welcome), {}, {}, writer_.write(welcome)};
    send_frame(answer);
  } else if (frame.kind() == wire::FrameKind::cancel) {
    waiting.erase(id);
    cancelled.insert(id);
  } else if (frame.kind() == wire::FrameKind::request) {
    auto call = read_payload<wire::RequestT>(frame.payload);
    if (!call) throw std::runtime_error(call.error().message());
    const auto method = methods_.find(call->method);
    method_of_[id] = call->method;
    waiting.insert(id);
    const auto holds = holds_.find(call->method);
    const bool held = holds != holds_.end() && holds->second(*call);
    if (method != methods_.end() && !held) respond(id, method->second(*call));
    requests.push_back(std::move(*call));
  }
}

void FakeKernel::answer_waiting(const std::string& method, const Answer& answer) {
  for (const std::uint64_t id : std::set<std::uint64_t>(waiting))
    if (method_of_[id] == method) respond(id, answer);
}

void FakeKernel::respond(std::uint64_t id, const Answer& answer) {
  wire::ResponseT response;
  if (answer) {
    response.body = *answer;
  } else {
    response.code = static_cast<wire::Code>(answer.error().code());
    response.message = answer.error().message();
  }
  waiting.erase(id);
  Frame frame{make_header(wire::FrameKind::response), {}, {}, writer_.write(response)};
  frame.header.mutate_sequence(id);
  send_frame(frame);
}

void FakeKernel::send(wire::FrameKind kind) { send_frame({make_header(kind), {}, {}, {}}); }

void FakeKernel::send_frame(Frame frame) {
  std::vector<std::byte> bytes;
  append_frame(bytes, frame);
  const ssize_t sent = ::send(stream_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(bytes.size())) stream_.reset();
}

RawClient::RawClient(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  connected_ =
      ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

bool RawClient::send(std::string_view bytes) {
  return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool RawClient::read_some() {
  std::array<char, 64 * 1024> bytes;
  const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got > 0) input_.append(bytes.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EAGAIN)) at_end_ = true;
  return got > 0;
}

std::string RawClient::line(FakeKernel& kernel) {
  std::size_t end = std::string::npos;
  kernel.until([&] {
    while (read_some()) {
    }
    end = input_.find('\n');
    return end != std::string::npos || at_end_;
  });
  if (end == std::string::npos) return {};
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

bool RawClient::ended(FakeKernel& kernel) {
  return kernel.until([&] {
    while (read_some()) {
    }
    return at_end_;
  });
}

std::string request(int id, const std::string& method, const std::string& params) {
  return "{\"id\":" + std::to_string(id) + ",\"target\":\"kernel\",\"method\":\"" + method +
         "\",\"params\":" + params + "}\n";
}

}  // namespace dkvm::test
