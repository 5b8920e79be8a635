#pragma once

#include "devices/metrics/http_request.hpp"

#include <dkvm/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dkvm::metrics {

// What many clients are sent at a time, once in memory.
using Text = std::shared_ptr<const std::string>;

// One client: its bytes become requests, one after the other; answers go out as it takes
// them. It knows no loop.
class HttpClient {
 public:
  enum class Phase : std::uint8_t { reading, waiting, sending, over };

  HttpClient(Fd fd, std::uint64_t now_ns);

  int fd() const { return fd_.get(); }
  Phase phase() const { return phase_; }
  // By then it has to have asked, or taken what it was sent. While it waits: never.
  std::uint64_t due_ns() const { return due_ns_; }
  // It has begun a request, waits for its answer or takes it.
  bool has_asked() const { return phase_ != Phase::reading; }

  // Reads what there is; `over` when it has hung up.
  void receive(std::uint64_t now_ns);
  // The next head, when it is whole: an error is to be answered with that status.
  // What is read before the answer waits.
  struct Head {
    int status = 0;  // 0: it is a request
    HttpRequest request;
  };
  bool next_head(Head& head);
  void wait() { phase_ = Phase::waiting; }

  // Queues an answer and sends what the client takes; then it reads again, or is over.
  void answer(int status, std::string_view type, Text body, std::uint64_t now_ns);
  void send(std::uint64_t now_ns);

 private:
  void read_again(std::uint64_t now_ns);

  Fd fd_;
  Phase phase_ = Phase::reading;
  std::uint64_t due_ns_ = 0;
  std::string input_;
  bool keep_alive_ = true;
  bool without_body_ = false;  // HEAD
  std::string head_;           // of the answer
  Text body_;
  std::size_t sent_ = 0;
};

// "404 Not Found".
std::string_view status_line(int status);

}  // namespace dkvm::metrics
