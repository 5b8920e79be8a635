#pragma once

#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

namespace dkvm::x11 {

struct FreeReply {
  void operator()(void* reply) const { std::free(reply); }
};

// What an X server answered; null for an error.
template <class Reply>
using ReplyOf = std::unique_ptr<Reply, FreeReply>;

// An answer of an X server that nobody waits for: it is looked for when the
// connection has something to read.
template <class Reply>
class Awaited {
 public:
  bool waiting() const { return waiting_; }

  // Shape: not waiting()
  template <class Cookie>
  void ask(const Cookie& request) {
    sequence_ = request.sequence;
    waiting_ = true;
  }

  // The answer, once; nullopt while there is none.
  std::optional<ReplyOf<Reply>> poll(xcb_connection_t* connection) {
    if (!waiting_) return std::nullopt;
    void* reply = nullptr;
    xcb_generic_error_t* error = nullptr;
    if (xcb_poll_for_reply(connection, sequence_, &reply, &error) == 0) return std::nullopt;
    waiting_ = false;
    if (error != nullptr) error_ = *error;
    std::free(error);
    return ReplyOf<Reply>(static_cast<Reply*>(reply));
  }

  // Shape: the last answer was null
  const xcb_generic_error_t& error() const { return error_; }

 private:
  xcb_generic_error_t error_{};
  unsigned sequence_ = 0;
  bool waiting_ = false;
};

}  // namespace dkvm::x11
