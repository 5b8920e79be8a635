#pragma once

#include <dkvm/detail/own_pools.hpp>
#include <dkvm/detail/read_pools.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace dkvm::detail {

// The pools of a running device in both of its roles, which may be the same pools:
// what the kernel says of one goes to the role that it is meant for.
class Pools {
 public:
  // end: ends the device, with this error. Life: all others outlive this.
  Pools(Session& session, Calls& calls, Poller& poller, std::function<void(const Error&)> end)
      : session_(session),
        closed_(session),
        own_(session, calls, poller, closed_, std::move(end)),
        read_(session, closed_) {}

  OwnPools& own() { return own_; }
  ReadPools& read() { return read_; }

  // Errors: Errc::corrupt for a pool that is not what it says, Errc::exhausted
  //         without memory; any of them ends the device, and so do those of attach().
  Result<> opened(const Frame& frame) {
    DKVM_TRY(const wire::PoolOpenT open, read_payload<wire::PoolOpenT>(frame.payload));
    // Taken whatever the pool is, so that the next pool gets the next one.
    Fd fd = open.memory == wire::MemoryKind::named ? Fd() : session_.stream().take_fd();
    auto done = open.writable ? own_.opened(open, fd) : read_.opened(open, fd);
    if (done) return done;
    return fail(std::move(done).error().within("opening pool " + std::to_string(open.pool)));
  }

  // A producer is asked first, and readers when it has answered.
  // Errors: Errc::corrupt.
  Result<> close(const Frame& frame) {
    DKVM_TRY(const wire::PoolIdT message, read_payload<wire::PoolIdT>(frame.payload));
    if (!own_.close(message.pool)) read_.close(message.pool);
    return {};
  }

  void port_closed(std::uint16_t port) {
    own_.port_closed(port);
    read_.port_closed(port);
  }

  // Puts what the kernel is owed into the batch.
  // Errors: Errc::overloaded, Errc::disconnected; what did not go is kept.
  Result<> write_owed() {
    own_.end_batch();
    DKVM_CHECK(read_.write_returns());
    return closed_.write();
  }

 private:
  Session& session_;
  ClosedPools closed_;
  OwnPools own_;
  ReadPools read_;
};

}  // namespace dkvm::detail
