// The devices of the device manager's tests: `puppet MODE [ARG]`. Instead of
// frames it speaks single letters with the test's host: it says h (hello),
// answers p (ping) with a, and s (stop) with b (goodbye).

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#ifdef __SANITIZE_ADDRESS__
// Else it sets the limit of core files to 0, which is what we report.
extern "C" const char* __asan_default_options() { return "disable_coredump=0"; }
#endif

namespace {

void say(char letter) {
  if (::write(STDOUT_FILENO, &letter, 1) != 1) std::exit(9);
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

// Answers as a good device does, except for the letters in `deaf_to`.
int serve(const char* deaf_to = "") {
  for (char letter; ::read(STDIN_FILENO, &letter, 1) == 1;) {
    if (std::strchr(deaf_to, letter) != nullptr) continue;
    if (letter == 'p') say('a');
    if (letter == 's') {
      say('b');
      return 0;
    }
  }
  return 0;
}

// Says hello, and is at work.
void begin() {
  say('h');
  for (char letter = 0; letter != 'p';)
    if (::read(STDIN_FILENO, &letter, 1) != 1) std::exit(0);
  say('a');
}

int good() {
  say('h');
  return serve();
}

void write_file(const char* path, const std::string& text) {
  // Whole or not at all: the test may look at any time.
  const std::string part = std::string(path) + ".part";
  std::FILE* file = std::fopen(part.c_str(), "w");
  if (file == nullptr) std::exit(8);
  std::fputs(text.c_str(), file);
  std::fclose(file);
  std::rename(part.c_str(), path);
}

// Leaves a process behind: in a session of its own, with another parent.
void leave_grandchild(const char* pid_file) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      ::signal(SIGTERM, SIG_IGN);
      ::signal(SIGHUP, SIG_IGN);
      write_file(pid_file, std::to_string(::getpid()));
      sleep_for_ever();
    }
    ::_exit(0);
  }
  while (::access(pid_file, F_OK) != 0) ::usleep(1000);
}

void write_stderr(const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(STDERR_FILENO, text.data() + written, text.size() - written);
    if (count <= 0) std::exit(9);
    written += static_cast<std::size_t>(count);
  }
}

// At one stroke, so that the pipe holds them all whatever the machine does.
void write_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text.append("line ").append(std::to_string(i)).append("\n");
  write_stderr(text);
}

std::string limit(__rlimit_resource resource) {
  rlimit value{};
  ::getrlimit(resource, &value);
  return std::to_string(value.rlim_cur);
}

// What the launcher made of us, as lines on stderr.
void report() {
  std::string fds;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder))
    if (entry->d_name[0] != '.' && std::atoi(entry->d_name) != ::dirfd(folder))
      fds += std::string(" ") + entry->d_name;
  ::closedir(folder);
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  struct sigaction pipe {};
  ::sigaction(SIGPIPE, nullptr, &pipe);
  std::fprintf(stderr, "fds:%s\n", fds.c_str());
  std::fprintf(stderr, "core: %s\n", limit(RLIMIT_CORE).c_str());
  std::fprintf(stderr, "files: %s\n", limit(RLIMIT_NOFILE).c_str());
  std::fprintf(stderr, "nice: %d\n", ::getpriority(PRIO_PROCESS, 0));
  std::fprintf(stderr, "group: %s\n", ::getpgrp() == ::getpid() ? "own" : "shared");
  std::fprintf(stderr, "blocked: %d\n", ::sigismember(&blocked, SIGUSR1));
  std::fprintf(stderr, "sigpipe: %s\n", pipe.sa_handler == SIG_DFL ? "default" : "changed");
  std::fprintf(stderr, "secret: %s\n", std::getenv("SECRET") ? std::getenv("SECRET") : "none");
}

int clean_up() {
  const char* file = std::getenv("PUPPET_CLEANUP_FILE");
  if (file == nullptr || ::access((std::string(file) + ".hang").c_str(), F_OK) == 0)
    sleep_for_ever();
  write_file(file, std::getenv("DKVM_CLEANUP_CODES"));
  return 0;
}

// Returns when `kMeetingSize` puppets are in the folder at the same time.
void meet(const char* folder) {
  constexpr int kMeetingSize = 10;
  write_file((std::string(folder) + "/" + std::to_string(::getpid())).c_str(), "here");
  for (int there = 0; there < kMeetingSize; ::usleep(1000)) {
    there = 0;
    DIR* list = ::opendir(folder);
    if (list == nullptr) ::_exit(5);
    while (const dirent* entry = ::readdir(list))
      if (std::isdigit(entry->d_name[0]) && std::strchr(entry->d_name, '.') == nullptr) ++there;
    ::closedir(list);
  }
}

int describe(const std::string& mode, const char* argument) {
  if (mode == "good") return std::puts("{\"type\":\"puppet\"}") < 0;
  if (mode == "exit") return std::fputs("<3>cannot describe\n", stderr), 4;
  if (mode == "flood")
    for (;;) std::fputs("0123456789abcdef", stdout);
  if (mode == "meet") return meet(argument), std::puts("{\"type\":\"puppet\"}") < 0;
  sleep_for_ever();
}

int play(const std::string& mode, const char* argument) {
  if (mode == "good") return good();
  if (mode == "exit") {
    std::fputs("<3>last words\n", stderr);
    return std::atoi(argument);
  }
  if (mode == "hello-exit") return begin(), std::atoi(argument);
  if (mode == "mute") sleep_for_ever();
  if (mode == "hang") return begin(), serve("ps");
  if (mode == "stubborn") {
    ::signal(SIGTERM, SIG_IGN);
    begin();
    serve("s");
    sleep_for_ever();
  }
  if (mode == "close") {
    begin();
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    sleep_for_ever();
  }
  if (mode == "stop-itself") {
    begin();
    ::raise(SIGSTOP);
    return serve();
  }
  if (mode == "orphan") return leave_grandchild(argument), good();
  if (mode == "stderr") {
    write_stderr(std::string(std::strtoul(argument, nullptr, 10), 'x'));
    return good();
  }
  if (mode == "lines") return write_lines(std::atoi(argument)), good();
  if (mode == "report") return report(), good();
  return 7;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const std::string last = argc > 1 ? argv[argc - 1] : "";
  if (last == "--cleanup") return clean_up();
  if (last == "--describe") return describe(mode, argv[2]);
  return play(mode, argc > 2 ? argv[2] : "");
}
