#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace dkvm::test {

// A directory that is gone when the test is.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_text(const std::string& path);

struct ChildSetup {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // all of it: NAME=value
  int stream = -1;                       // for its stdin and stdout; else /dev/null and `out`
  std::string out = "/dev/null";         // files that take its stdout and stderr
  std::string err = "/dev/null";
  bool session = false;  // of its own, as a service manager gives it
};

// A real process; killed when the test forgets it.
class Child {
 public:
  explicit Child(const ChildSetup& setup);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // The exit code, or 128 + signal; nothing while it runs.
  std::optional<int> ended();

 private:
  pid_t pid_ = -1;
  std::optional<int> ended_;
};

}  // namespace dkvm::test
