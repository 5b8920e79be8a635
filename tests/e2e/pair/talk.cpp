#include "tests/e2e/pair/talk.hpp"

#include "tests/e2e/eventually.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace dkvm::test {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe can be made");
    from = detail::Fd(ends[0]);
    to = detail::Fd(ends[1]);
  }
  detail::Fd from;
  detail::Fd to;
};

detail::Fd new_terminal() {
  detail::Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal || ::grantpt(terminal.get()) != 0 || ::unlockpt(terminal.get()) != 0)
    throw std::runtime_error("no terminal can be made");
  return terminal;
}

void read_into(const detail::Fd& from, std::string& text) {
  if (!from) return;
  std::array<char, 4096> bytes;
  for (ssize_t got = 0; (got = ::read(from.get(), bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(got));
}

void do_not_block(const detail::Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

[[noreturn]] void become(const std::vector<std::string>& arguments, int in, int out, int err) {
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  std::string program = DKVM_BIN_DIR "/dkvmctl";
  std::vector<char*> words = {program.data()};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::array environment = {const_cast<char*>("PATH=/usr/bin:/bin"), static_cast<char*>(nullptr)};
  ::execve(words[0], words.data(), environment.data());
  ::_exit(127);
}

}  // namespace

Talk::Talk(const std::vector<std::string>& arguments, Ends ends) {
  if (ends == Ends::terminal) {
    in_ = new_terminal();
    const detail::Fd theirs(::open(::ptsname(in_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    pid_ = ::fork();
    if (pid_ == 0) become(arguments, theirs.get(), theirs.get(), theirs.get());
    do_not_block(in_);
    return;
  }
  Pipe in;
  Pipe out;
  Pipe err;
  pid_ = ::fork();
  if (pid_ == 0) become(arguments, in.from.get(), out.to.get(), err.to.get());
  in_ = std::move(in.to);
  stdout_ = std::move(out.from);
  stderr_ = std::move(err.from);
  do_not_block(stdout_);
  do_not_block(stderr_);
}

Talk::~Talk() {
  if (ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Talk::listen() {
  read_into(stdout_ ? stdout_ : in_, out_);
  read_into(stderr_, err_);
}

bool Talk::ended() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_.has_value();
}

bool Talk::says(const std::string& part) {
  return eventually(kPatience, [&] {
    listen();
    return out_.find(part) != std::string::npos;
  });
}

bool Talk::complains(const std::string& part) {
  return eventually(kPatience, [&] {
    listen();
    return err_.find(part) != std::string::npos;
  });
}

nlohmann::json Talk::line() {
  std::size_t end = std::string::npos;
  eventually(kPatience, [&] {
    const bool over = ended();
    listen();
    end = out_.find('\n', read_);
    return over || end != std::string::npos;
  });
  if (end == std::string::npos) return nullptr;
  const std::string text = out_.substr(read_, end - read_);
  read_ = end + 1;
  return nlohmann::json::parse(text, nullptr, false);
}

void Talk::type(const std::string& text) {
  if (::write(in_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("it does not read");
}

int Talk::exit_code() {
  eventually(kPatience, [&] {
    listen();
    return ended();
  });
  listen();
  return status_.value_or(-1);
}

void Talk::kill() { ::kill(pid_, SIGKILL); }

}  // namespace dkvm::test
