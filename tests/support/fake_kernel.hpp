#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/session.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The kernel's end of a device's stream, for tests of one real process: starts
// it as the kernel does and speaks the protocol frame by frame. Everything that
// waits fails the test after kWaitMax.
namespace dkvm::test {

inline constexpr std::chrono::seconds kWaitMax{10};

// A frame that owns its bytes.
struct Received {
  wire::FrameHeader header;
  std::vector<std::byte> payload;
  std::vector<wire::BufferRef> buffers{};

  wire::FrameKind kind() const { return kind_of(header); }
  bool is(wire::Topic topic) const { return header.topic() == id_of(topic); }

  template <class Native>
  Native as() const {
    auto value = read_payload<Native>(payload);
    REQUIRE(value);
    return std::move(*value);
  }
};

class FakeKernel {
 public:
  using Environment = std::map<std::string, std::string>;

  // command: the program (an absolute path) and its arguments.
  explicit FakeKernel(std::vector<std::string> command, const Environment& environment = {}) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    stream_ = detail::Fd(ends[0]);
    const detail::Fd theirs(ends[1]);
    int log[2];
    REQUIRE(::pipe2(log, O_CLOEXEC) == 0);
    log_ = detail::Fd(log[0]);
    const detail::Fd their_log(log[1]);
    spawn(command, environment, theirs.get(), their_log.get());
  }
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;
  ~FakeKernel() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  int fd() const { return stream_.get(); }

  // --- what the kernel says ---------------------------------------------------

  void send(const Envelope& envelope, Bytes payload = {}) {
    send_bytes(bytes_of(envelope, payload));
  }

  template <class Native>
  void send_table(const Envelope& envelope, const Native& value) {
    send(envelope, writer_.write(value));
  }

  template <class Event>
  void event(std::uint16_t port, const Event& value, std::uint64_t capture_ns = now_ns()) {
    send_table(next_event(port, id_of(topic_of<Event>), capture_ns), value);
  }
  // Of the last event sent to a port.
  std::uint64_t sequence(std::uint16_t port) const { return sequences_.at(port); }

  template <class Message>
  void upstream(std::uint16_t port, const Message& value) {
    send_table({.kind = wire::FrameKind::upstream, .port = port, .topic = id_of(topic_of<Message>)},
               value);
  }

  // The bytes of one frame, for tests that tear or bundle them.
  static std::vector<std::byte> bytes_of(const Envelope& envelope, Bytes payload = {}) {
    Frame frame{make_header(envelope.kind), {}, {}, payload};
    frame.header.mutate_port(envelope.port);
    frame.header.mutate_topic(envelope.topic);
    frame.header.mutate_flags(envelope.flags);
    frame.header.mutate_sequence(envelope.sequence);
    frame.header.mutate_capture_ns(envelope.capture_ns);
    std::vector<std::byte> bytes;
    append_frame(bytes, frame);
    return bytes;
  }
  void send_bytes(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the device has ended; what it did until then is the test's matter
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  Envelope next_event(std::uint16_t port, TopicId topic, std::uint64_t capture_ns = now_ns()) {
    return {wire::FrameKind::event, port, topic, 0, ++sequences_[port], capture_ns};
  }

  // The handshake: takes hello, answers welcome.
  wire::HelloT greet(wire::WelcomeT welcome = default_welcome()) {
    const auto hello = wait(wire::FrameKind::hello).as<wire::HelloT>();
    send_table({.kind = wire::FrameKind::welcome}, welcome);
    return hello;
  }
  static wire::WelcomeT default_welcome() {
    wire::WelcomeT welcome;
    welcome.protocol = kProtocolVersion;
    welcome.kernel = "test";
    welcome.kernel_id = 1;
    welcome.device = "subject";
    welcome.device_id = 7;
    welcome.incarnation = 1;
    welcome.silence_ms = 500;
    return welcome;
  }

  // A call to the device; returns its correlation id.
  std::uint64_t request(const std::string& method, const std::string& body = "{}") {
    wire::RequestT request;
    request.target = "subject";
    request.method = method;
    request.caller = "tester";
    request.deadline_ms = 5000;
    request.body = body;
    send_table({.kind = wire::FrameKind::request, .sequence = ++last_call_}, request);
    return last_call_;
  }
  // The call and its answer; other frames are dropped meanwhile.
  wire::ResponseT call(const std::string& method, const std::string& body = "{}") {
    const std::uint64_t id = request(method, body);
    for (;;) {
      const Received answer = wait(wire::FrameKind::response);
      if (answer.header.sequence() == id) return answer.as<wire::ResponseT>();
    }
  }
  void respond(std::uint64_t call, wire::Code code, const std::string& text) {
    wire::ResponseT response;
    response.code = code;
    (code == wire::Code::ok ? response.body : response.message) = text;
    send_table({.kind = wire::FrameKind::response, .sequence = call}, response);
  }

  void stop() {
    wire::StopT stop;
    stop.reason = "the test is over";
    stop.deadline_ms = 1500;
    send_table({.kind = wire::FrameKind::stop}, stop);
  }

  // No further frame will come; the device sees the end of its stream.
  void close() { stream_.reset(); }

  // From now on writing to the log fails: nobody is there to read it.
  void close_log() { log_.reset(); }
  // From now on writing to the log waits, until it is drained.
  void fill_log() {
    const std::string path = "/proc/" + std::to_string(pid_) + "/fd/2";
    const detail::Fd log(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(log);
    const std::string lines(4096, '\n');
    for (std::size_t bytes = lines.size(); bytes != 0; bytes /= 2)
      while (::write(log.get(), lines.data(), bytes) > 0) {
      }
  }

  // --- what the device says ---------------------------------------------------

  // The next frame of any kind; nullopt at the end of the stream.
  std::optional<Received> next() {
    const auto end = std::chrono::steady_clock::now() + kWaitMax;
    while (frames_.empty()) {
      if (!wait_readable(fd(), end)) FAIL("no frame in time; the log: " << drain_log());
      if (!read_some()) break;
    }
    if (frames_.empty()) return std::nullopt;
    Received first = std::move(frames_.front());
    frames_.pop_front();
    return first;
  }

  // The next frame of this kind; those before it are dropped.
  Received wait(wire::FrameKind kind) {
    for (;;) {
      auto frame = next();
      if (!frame)
        FAIL("the stream ended before a " << EnumNameFrameKind(kind)
                                          << "; the log: " << drain_log());
      if (frame->kind() == kind) return std::move(*frame);
    }
  }
  template <class Event>
  Event wait_event() {
    for (;;) {
      const Received frame = wait(wire::FrameKind::event);
      if (frame.is(topic_of<Event>)) return frame.as<Event>();
    }
  }
  // Waits until everything sent to a port so far is applied.
  void wait_applied(std::uint16_t port) {
    for (;;) {
      const Received frame = wait(wire::FrameKind::applied);
      if (frame.header.port() == port && frame.header.sequence() >= sequence(port)) return;
    }
  }
  // Every frame until the stream ends.
  std::vector<Received> rest() {
    std::vector<Received> frames;
    while (auto frame = next()) frames.push_back(std::move(*frame));
    return frames;
  }

  // The exit status; -signal when one ended it.
  int wait_exit() {
    const auto end = std::chrono::steady_clock::now() + kWaitMax;
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > end) FAIL("the device does not end");
      ::poll(nullptr, 0, 1);
      drain_log();  // a full pipe would keep it alive
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // Waits until the device has logged this.
  void wait_log(std::string_view text) {
    const auto end = std::chrono::steady_clock::now() + kWaitMax;
    while (drain_log().find(text) == std::string::npos)
      if (!wait_readable(log_.get(), end)) FAIL("not in the log: " << text << "; " << logged_);
  }

  // Everything that the device has logged so far.
  const std::string& drain_log() {
    char bytes[4096];
    pollfd waiting{log_.get(), POLLIN, 0};
    while (::poll(&waiting, 1, 0) > 0) {
      const ssize_t got = ::read(log_.get(), bytes, sizeof(bytes));
      if (got <= 0) break;
      logged_.append(bytes, static_cast<std::size_t>(got));
    }
    return logged_;
  }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  static bool wait_readable(int fd, TimePoint end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    return left.count() > 0 && ::poll(&waiting, 1, static_cast<int>(left.count())) > 0;
  }

  void spawn(std::vector<std::string>& command, const Environment& environment, int stream,
             int log) {
    std::vector<std::string> variables = {"PATH=/usr/bin:/bin"};
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    std::vector<char*> argv;
    for (auto& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (auto& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, stream, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, stream, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
    const int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data());
    ::posix_spawn_file_actions_destroy(&actions);
    INFO("starting " << command[0]);
    REQUIRE(failed == 0);
  }

  bool read_some() {
    std::byte bytes[16 * 1024];
    const ssize_t got = ::recv(fd(), bytes, sizeof(bytes), 0);
    if (got <= 0) return false;
    input_.insert(input_.end(), bytes, bytes + got);
    FrameDecoder decoder(input_);
    Frame frame;
    while (decoder.next(frame)) {
      frames_.push_back({frame.header, {frame.payload.begin(), frame.payload.end()}});
      for (std::size_t i = 0; i < frame.header.buffer_count(); ++i)
        frames_.back().buffers.push_back(frame.buffer(i));
    }
    REQUIRE(decoder.fault() == FrameFault::none);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(decoder.consumed()));
    return true;
  }

  pid_t pid_ = -1;
  detail::Fd stream_;
  detail::Fd log_;
  std::string logged_;
  std::vector<std::byte> input_;
  std::deque<Received> frames_;
  std::map<std::uint16_t, std::uint64_t> sequences_;
  std::uint64_t last_call_ = 0;
  PayloadWriter writer_;
};

}  // namespace dkvm::test
