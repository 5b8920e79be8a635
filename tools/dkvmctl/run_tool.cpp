#include "tools/dkvmctl/run_tool.hpp"

#include <dkvm/detail/fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace dkvm::ctl {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  detail::Fd read;
  detail::Fd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(Errc::exhausted, fmt::format("no pipe: {}", std::strerror(errno)));
  return Pipe{detail::Fd(ends[0]), detail::Fd(ends[1])};
}

// A program that runs; killed and buried when it is forgotten.
class Tool {
 public:
  explicit Tool(pid_t pid) : pid_(pid) {}
  Tool(const Tool&) = delete;
  Tool& operator=(const Tool&) = delete;
  ~Tool() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

Result<pid_t> spawn(const std::vector<std::string>& words, int in, int out, int err) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (auto& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv.front(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed == 0) return pid;
  return fail(Errc::not_found,
              fmt::format("cannot run {}: {}", words.front(), std::strerror(failed)));
}

// What there is to read; closes the end that has none left.
void read_some(detail::Fd& from, std::string& text) {
  std::array<char, 16 * 1024> bytes;
  const ssize_t got = ::read(from.get(), bytes.data(), bytes.size());
  if (got > 0) text.append(bytes.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) from.reset();
}

// A socket, as a program that has gone must not end this one by SIGPIPE.
void write_some(detail::Fd& to, std::string_view& input) {
  const ssize_t sent = ::send(to.get(), input.data(), input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) input.remove_prefix(static_cast<std::size_t>(sent));
  if (input.empty() || (sent < 0 && errno != EINTR && errno != EAGAIN)) to.reset();
}

Result<> converse(detail::Fd in, detail::Fd out, detail::Fd err, std::string_view input,
                  ToolOutput& output, Clock::time_point until) {
  if (input.empty()) in.reset();
  while (out || err) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return fail(Errc::timeout, "it has not ended in time");
    std::array<pollfd, 3> waiting = {pollfd{in.get(), POLLOUT, 0}, pollfd{out.get(), POLLIN, 0},
                                     pollfd{err.get(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left)) <= 0) continue;
    if (waiting[0].revents != 0) write_some(in, input);
    if (waiting[1].revents != 0) read_some(out, output.out);
    if (waiting[2].revents != 0) read_some(err, output.err);
    if (output.out.size() + output.err.size() > kToolBytesMax)
      return fail(Errc::exhausted, "it prints without end");
  }
  return {};
}

}  // namespace

Result<ToolOutput> run_tool(const std::vector<std::string>& words, std::string_view input,
                            std::chrono::milliseconds at_most) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(Errc::exhausted, fmt::format("no socket: {}", std::strerror(errno)));
  detail::Fd in(ends[0]);
  detail::Fd their_in(ends[1]);
  DKVM_TRY(Pipe out, make_pipe());
  DKVM_TRY(Pipe err, make_pipe());
  DKVM_TRY(const pid_t pid, spawn(words, their_in.get(), out.write.get(), err.write.get()));
  Tool tool(pid);
  their_in.reset();
  out.write.reset();
  err.write.reset();
  ToolOutput output;
  auto done = converse(std::move(in), std::move(out.read), std::move(err.read), input, output,
                       Clock::now() + at_most);
  if (!done) return fail(std::move(done).error().within(words.front()));
  output.status = tool.wait();
  return output;
}

}  // namespace dkvm::ctl
