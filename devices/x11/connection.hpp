#pragma once

#include <dkvm/config.hpp>
#include <dkvm/context.hpp>
#include <dkvm/device.hpp>
#include <dkvm/result.hpp>

#include <X11/Xlib.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dkvm::x11 {

// A connection to an X server by Xlib, which neither ends the process nor writes to
// its log on its own: what goes wrong is a Result, or a line that says where.
// For one thread.
class Connection {
 public:
  // The configuration key `display`.
  static void declare(Device& device);

  // Shape:  `display:` of the configuration, else DISPLAY of the environment
  // Errors: Errc::invalid without any and for what is no name of a display,
  //         Errc::disconnected when nobody listens there, or lets us in.
  static Result<std::unique_ptr<Connection>> open(const ConfigReader& config);
  static Result<std::unique_ptr<Connection>> open(const std::string& name);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ::Display* get() const { return display_; }
  ::Window root() const { return root_; }
  const std::string& name() const { return name_; }

  // Errors: Errc::disconnected once the server is gone: everything said to it since
  //         then was lost, everything asked has empty answers.
  Result<> check() const;

  // Numbers of an extension.
  struct Extension {
    int opcode = 0;
    int event_first = 0;
  };
  // Errors: Errc::not_found when the server lacks it; another may come by that name.
  Result<Extension> extension(const char* name) const;

  // Runs `requests`, and waits until the server has done them.
  // Errors: Errc::denied with `what` and the first thing that the server refused,
  //         Errc::disconnected.
  Result<> checked(std::string_view what, const std::function<void()>& requests);

  // What the server refuses, in words, and nobody checks: it goes there and not to the log.
  void on_refusal(std::function<void(const std::string&)> callback) {
    on_refusal_ = std::move(callback);
  }
  // The same of an error that came by XCB.
  void note_refusal(unsigned error, unsigned request, unsigned minor);
  std::string refusal_words(unsigned error, unsigned request, unsigned minor) const;

  // Hands every event to on_event and sends what is waiting, turn by turn; ends the
  // device with words when the server goes.
  // Life: the connection outlives the context's turns
  void carry(Context& context, std::function<void(::XEvent&)> on_event);
  // The number of the next request, and handing on the events that wait and that the
  // server sent before it did that request, whose answer is there: for those who must
  // know what came before.
  unsigned long next_request() const { return ::XNextRequest(display_); }
  void hand_on_before(unsigned long request);
  // Hands on what has come, without waiting for more.
  void hand_on_what_came();
  // Waits for the server, and hands on all that came until then.
  void catch_up();

 private:
  Connection(::Display* display, std::string name);

  static int on_error(::Display* display, ::XErrorEvent* error);
  static Connection* of(::Display* display);
  void end_turn(Context& context);
  bool has_event() const { return !gone_ && ::XEventsQueued(display_, QueuedAlready) > 0; }
  void hand_on();

  ::Display* display_;
  ::Window root_;
  std::string name_;
  bool gone_ = false;
  unsigned long settled_request_ = 0;  // before it all is sent, and what came is handed on
  bool checking_ = false;
  std::string refused_;  // while checking: the first error's words
  std::function<void(::XEvent&)> on_event_;
  std::function<void(const std::string&)> on_refusal_;
};

// What Xlib allocated.
struct XFreed {
  void operator()(void* memory) const { ::XFree(memory); }
};
template <class T>
using XOwned = std::unique_ptr<T, XFreed>;

}  // namespace dkvm::x11
