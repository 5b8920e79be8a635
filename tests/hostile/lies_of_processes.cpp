#include "tests/hostile/lie.hpp"

#include <dkvm/limits.hpp>

#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>

namespace dkvm::test {
namespace {

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

int exit_at_once(LiarStream&) { return 3; }
int exit_with_nothing_said(LiarStream&) { return 0; }

int exit_after_welcome(LiarStream& stream) {
  stream.enter();
  return 3;
}

int refuse(LiarStream& stream) {
  stream.enter();
  return kExitRefused;
}

int crash(LiarStream& stream) {
  stream.enter();
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  return 0;
}

int close_stream(LiarStream& stream) {
  std::signal(SIGTERM, SIG_IGN);
  stream.enter();
  ::shutdown(STDOUT_FILENO, SHUT_WR);
  sleep_for_ever();
}

// Both descriptors are the same socket: nobody sees one of them go.
int close_stdout(LiarStream& stream) {
  stream.enter();
  ::close(STDOUT_FILENO);
  sleep_for_ever();
}

int ignore_sigterm(LiarStream& stream) {
  std::signal(SIGTERM, SIG_IGN);
  stream.enter();
  sleep_for_ever();
}

// Held input: a stopped process may not keep a key down.
int stop_with_key_down(LiarStream& stream) {
  stream.enter();
  stream.put(stream.key(kKeysPort, 1, 29, true));
  std::raise(SIGSTOP);
  return stream.live();
}

int stop_itself(LiarStream& stream) {
  stream.enter();
  std::raise(SIGSTOP);
  return stream.live();
}

// A process in a session of its own, whose parent is gone.
void leave_behind(void (*life)()) {
  if (::fork() != 0) return;
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  std::signal(SIGTERM, SIG_IGN);
  life();
}

void idle() { sleep_for_ever(); }

void flood() {
  LiarStream stream;
  const auto bits = LiarStream::frame(wire::FrameKind::ping);
  while (stream.put(bits)) {
  }
  sleep_for_ever();
}

// Its heirs keep the stream and the log open.
int leave_heirs(LiarStream& stream) {
  for (int i = 0; i < 5; ++i) leave_behind(idle);
  stream.enter();
  return 3;
}

int leave_a_flood(LiarStream& stream) {
  stream.enter();
  leave_behind(flood);
  return 3;
}

int leave_fifty(LiarStream& stream) {
  for (int i = 0; i < 50; ++i) {
    if (::fork() == 0) {
      if (i % 2 == 0) ::setsid();
      std::signal(SIGTERM, SIG_IGN);
      sleep_for_ever();
    }
  }
  stream.enter();
  return 3;
}

int long_line(LiarStream& stream) {
  stream.enter();
  const std::string line(2 * kLogLineBytesMax, 'x');
  std::fwrite(line.data(), 1, line.size(), stderr);
  return 3;
}

int log_flood(LiarStream& stream) {
  stream.enter();
  const std::string line = std::string(200, 'y') + "\n";
  for (;;) std::fwrite(line.data(), 1, line.size(), stderr);
}

int log_binary(LiarStream& stream) {
  stream.enter();
  std::string line = "\x1b[2J\xff\xfe<0> not the kernel\x07 ";
  line += '\0';
  line += "\r\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return 3;
}

// Keys at full speed, each of them down and up.
int event_flood(LiarStream& stream) {
  stream.enter();
  std::uint64_t sequence = 0;
  for (;;) {
    LiarStream::Bits bits;
    for (int i = 0; i < 200; ++i) {
      ++sequence;
      const auto event = stream.key(kKeysPort, sequence, 30, sequence % 2 == 1);
      bits.insert(bits.end(), event.begin(), event.end());
    }
    if (!stream.put(bits)) sleep_for_ever();
  }
}

// Takes its events one by one, and only so often.
int slow_sink(LiarStream& stream) {
  stream.enter();
  for (;;) {
    const Frame frame = stream.await(wire::FrameKind::event);
    const auto sequence = frame.header.sequence();
    stream.put(LiarStream::frame(wire::FrameKind::applied, {}, [&](wire::FrameHeader& header) {
      header.mutate_port(kInPort);
      header.mutate_sequence(sequence);
    }));
    ::usleep(10'000);
  }
}

int deaf_sink(LiarStream& stream) {
  stream.enter();
  sleep_for_ever();
}

// Descriptors that the kernel never asked for, 200 at a time.
int ten_thousand_descriptors(LiarStream& stream) {
  stream.enter();
  constexpr int kAtOnce = 200;
  std::vector<int> fds(kAtOnce, ::open("/dev/null", O_RDONLY));
  std::vector<char> control(CMSG_SPACE(sizeof(int) * kAtOnce));
  auto ping = LiarStream::frame(wire::FrameKind::ping);
  for (int i = 0; i < 10'000 / kAtOnce; ++i) {
    iovec part{ping.data(), ping.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * kAtOnce);
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * kAtOnce);
    if (::sendmsg(STDOUT_FILENO, &message, MSG_NOSIGNAL) < 0) return 3;
    stream.await(wire::FrameKind::pong);
  }
  return stream.goodbye();
}

}  // namespace

std::vector<Lie> lies_of_processes() {
  return {{"exit-at-once", true, exit_at_once},
          {"exit-with-nothing-said", true, exit_with_nothing_said},
          {"exit-after-welcome", true, exit_after_welcome},
          {"exit-125", true, refuse},
          {"crash", true, crash},
          {"close-stream", true, close_stream},
          {"close-stdout", true, close_stdout},
          {"ignore-sigterm", true, ignore_sigterm},
          {"stop-itself", true, stop_itself},
          {"stop-with-key-down", true, stop_with_key_down},
          {"leave-heirs", true, leave_heirs},
          {"leave-a-flood", true, leave_a_flood},
          {"leave-fifty", true, leave_fifty},
          {"long-line", true, long_line},
          {"log-flood", true, log_flood},
          {"log-binary", true, log_binary},
          {"event-flood", true, event_flood},
          {"slow-sink", true, slow_sink},
          {"deaf-sink", true, deaf_sink},
          {"ten-thousand-descriptors", true, ten_thousand_descriptors}};
}

}  // namespace dkvm::test
