#pragma once

#include <dkvm/detail/fd.hpp>

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::test {

// What stdin and stdout of a program are.
enum class Ends { pipes, terminal };

// A dkvmctl that one talks with. Killed when the test forgets it.
class Talk {
 public:
  // Its stderr comes among its output when it has a terminal.
  Talk(const std::vector<std::string>& arguments, Ends ends = Ends::pipes);
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  ~Talk();

  // Waits until it has said this.
  bool says(const std::string& part);
  bool complains(const std::string& part);  // on stderr
  // Waits for its next whole line of stdout, as JSON; null when none comes.
  nlohmann::json line();
  void type(const std::string& text);

  // Waits for its end; -1 when that does not come.
  int exit_code();
  void kill();

  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  void listen();
  bool ended();

  detail::Fd in_;
  detail::Fd stdout_;
  detail::Fd stderr_;
  std::string out_;
  std::string err_;
  std::size_t read_ = 0;  // of out_, by line()
  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace dkvm::test
