#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <termios.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string_view>

namespace dkvm::ctl {

// A person's terminal as a screen to draw on: keys come one by one and are not shown. What
// was on it before, and how it was, is back when this ends, also by a signal: those that end
// a process are taken by ends_fd() instead. One at a time in a process.
class Terminal {
 public:
  struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
  };
  enum class Wake { time, key, resized, ended };

  // Errors: Errc::invalid when stdin or stdout is none.
  static Result<> check();

  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  Size size() const;
  // Readable once the process is to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT).
  int ends_fd() const { return ends_.get(); }
  // In place of what was there: at most size().rows lines, none longer than its columns.
  void draw(std::string_view text) const;

  // Waits for something to happen. A key is in `key`; a terminal that is gone has ended.
  Wake wait(std::chrono::milliseconds at_most, char& key) const;

 private:
  termios before_{};
  sigset_t mask_before_{};
  detail::Fd ends_;
  detail::Fd resizes_;
};

}  // namespace dkvm::ctl
