#pragma once

#include <dkvm/session.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace dkvm::detail {

// The buffers of one sink port that the device is done with, on their way back.
// Never more than the port's share, which the kernel bounds.
class Returns {
 public:
  // Life: session until close()
  Returns(Session& session, std::uint16_t port) : session_(&session), port_(port) {}

  // With the next batch.
  // Units: share = buffers of that pool that the device may hold at a time
  void add(const wire::BufferRef& buffer, std::uint32_t share) {
    if (session_ == nullptr) return;
    pending_.push_back(buffer);
    due_ = std::min<std::size_t>(due_, std::max<std::uint32_t>(share / 2, 1));
  }

  // So many wait that the producer may run dry while a handler works.
  bool due() const { return pending_.size() >= due_; }

  // Writes what waits.
  // Errors: Errc::overloaded, Errc::disconnected; what did not go waits for the next time.
  Result<> write() {
    due_ = kNever;
    while (!pending_.empty()) {
      const auto some = std::span(pending_).first(std::min(pending_.size(), kBuffersPerFrameMax));
      DKVM_CHECK(send(some));
      pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(some.size()));
    }
    return {};
  }

  // At once, outside of the batch; with a later one while the kernel does not read.
  void give(const wire::BufferRef& buffer) {
    if (session_ != nullptr && !send({&buffer, 1})) pending_.push_back(buffer);
  }

  // The port is closed: the kernel has taken back whatever it held.
  void close() {
    session_ = nullptr;
    pending_.clear();
  }
  bool closed() const { return session_ == nullptr; }

 private:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  Result<> send(std::span<const wire::BufferRef> buffers) {
    return session_->send(
        {.kind = wire::FrameKind::release, .port = port_, .buffers = std::as_bytes(buffers)});
  }

  Session* session_;
  std::uint16_t port_;
  std::vector<wire::BufferRef> pending_;
  std::size_t due_ = kNever;
};

}  // namespace dkvm::detail
