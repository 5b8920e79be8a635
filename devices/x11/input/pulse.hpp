#pragma once

#include "devices/x11/connection.hpp"

#include <chrono>
#include <cstdint>

namespace dkvm::x11 {

// Whether an X server still does what it is told. Requests without an answer go to one that
// stands still for a long time before anybody notices: so it is asked for a word, as long as
// something is sent to it.
class Pulse {
 public:
  static constexpr std::chrono::milliseconds kSilenceMax{300};
  static constexpr std::chrono::milliseconds kLookPeriod{50};
  static constexpr int kSilentLooksMax = kSilenceMax / kLookPeriod;

  // Errors: Errc::disconnected
  static Result<Pulse> open(Connection& connection);

  // Something was sent. stands_still() is called when no word has come for kSilenceMax,
  // and may not return to a server that it waits for.
  // Life: this and the connection outlive the context's turns
  void sent(Context& context, const std::function<void()>& stands_still);
  // True for its events.
  bool takes(const ::XEvent& event);

 private:
  Pulse(Connection& connection, ::Window window) : connection_(&connection), window_(window) {}

  void ask();
  void look();

  Connection* connection_;
  ::Window window_;
  Context* context_ = nullptr;
  std::function<void()> stands_still_;
  bool looks_ = false;  // a look is due
  bool sent_ = false;   // since it was asked
  bool asked_ = false;  // and has not answered
  int silent_looks_ = 0;
};

}  // namespace dkvm::x11
