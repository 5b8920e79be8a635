#pragma once

#include <dkvm/limits.hpp>
#include <dkvm/log.hpp>
#include <dkvm/result.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace dkvm {

// What a device does at the turning points of its life.
struct DeviceHooks {
  std::function<Result<>()> start;  // the kernel has answered hello
  std::function<void()> let_go;     // release whatever is held down on the real machine
  std::function<void()> stop;       // say goodbye: flush, close
};

namespace detail {

// How far a device is between its welcome and its exit, and with which status
// it ends: the first that was given.
class Life {
 public:
  void set_hooks(DeviceHooks hooks) { hooks_ = std::move(hooks); }

  // Welcomed: starts, or begins to end when that fails.
  void start() {
    welcomed_ = true;
    if (hooks_.start)
      if (auto started = hooks_.start(); !started)
        return end(std::move(started).error().within("cannot start"));
    started_ = true;
  }
  bool welcomed() const { return welcomed_; }
  // start() has done its work.
  bool started() const { return started_; }

  void let_go() {
    if (hooks_.let_go) hooks_.let_go();
  }

  // Lets go and stops, once, if it was ever welcomed.
  void say_goodbye() {
    if (std::exchange(said_goodbye_, true) || !welcomed_) return;
    let_go();
    if (hooks_.stop) hooks_.stop();
  }

  // Ends once the kernel has taken all that was sent.
  void end(int status) {
    if (!exit_status_) exit_status_ = status;
  }
  void end(const Error& error) {
    if (error.message() != last_error_) log_error(last_error_ = error.message());
    const bool refused = error.code() == Errc::invalid || error.code() == Errc::unsupported;
    end(refused ? kExitRefused : 1);
  }
  bool ending() const { return exit_status_.has_value(); }

  // Ends now, whatever is unsent.
  void end_now(int status) {
    end(status);
    hurried_ = true;
  }
  void hurry() { hurried_ = hurried_ || ending(); }
  bool hurried() const { return hurried_; }

  void leave() { left_ = true; }
  bool left() const { return left_; }
  int exit_status() const { return exit_status_.value_or(0); }

 private:
  DeviceHooks hooks_;
  bool welcomed_ = false;
  bool started_ = false;
  bool said_goodbye_ = false;
  bool hurried_ = false;
  bool left_ = false;
  std::optional<int> exit_status_;
  std::string last_error_;  // is said once, however often it happens
};

}  // namespace detail
}  // namespace dkvm
