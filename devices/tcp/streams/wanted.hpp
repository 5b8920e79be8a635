#pragma once

#include <dkvm/context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::tcp {

// A stream that this kernel's pipelines name: `to: link/laptop/keys` makes the
// link a sink of `keys` for laptop, `from: link/laptop/screen` a source.
struct WantedStream {
  std::string peer;
  std::string name;
  wire::Direction direction = wire::Direction::sink;
  std::vector<std::string> topics;

  bool operator==(const WantedStream&) const = default;
};

struct WantedStreams {
  std::uint64_t revision = 0;
  std::vector<WantedStream> streams;
  std::map<std::string, std::string> devices{};  // by peer, which has streams of it now
  std::string next{};  // the page behind this one; empty when this is the last
};

// The kernel's answer to `links.streams`.
// Errors: Errc::corrupt.
Result<WantedStreams> read_wanted(std::string_view json);

// Keeps asking the kernel which streams its pipelines name.
// Life: the context outlives it.
class Wanted {
 public:
  using OnChange = std::function<void(const WantedStreams&)>;

  Wanted(Context& context, OnChange on_change)
      : context_(context), on_change_(std::move(on_change)) {}
  Wanted(const Wanted&) = delete;
  Wanted& operator=(const Wanted&) = delete;
  ~Wanted() {
    context_.cancel_call(call_);
    context_.cancel_timer(retry_);
  }

  void start() { ask(); }

 private:
  void ask();
  void ask(const std::string& body);
  void take(const Answer& answer);
  void ask_later();

  Context& context_;
  OnChange on_change_;
  std::uint64_t revision_ = 0;
  WantedStreams pages_;  // that have come of the next one
  std::uint64_t call_ = 0;
  Context::Timer retry_ = 0;
};

}  // namespace dkvm::tcp
