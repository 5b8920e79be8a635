#pragma once

#include <dkvm/detail/fd_inbox.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace dkvm::detail {

// Frames over a pair of non-blocking stream sockets. Output is batched until
// flush(); input is decoded in place.
class Stream {
 public:
  static constexpr std::size_t kInputBytesMax = kFrameBytesMax + 64 * 1024;
  static constexpr std::size_t kFlushBytes = 16 * 1024;       // a batch worth a system call
  static constexpr std::size_t kOutputBytesMax = 256 * 1024;  // then the writer waits

  // Life: the descriptors outlive the stream.
  Stream(int in, int out)
      : in_(in),
        out_(out),
        input_(new std::byte[kInputBytesMax]),
        output_(new std::byte[kOutputBytesMax]) {}

  // Reads what is there. False: nothing was.
  // Errors: Errc::disconnected when the peer has closed.
  Result<bool> fill() {
    const ssize_t got = receive(input_.get() + filled_, kInputBytesMax - filled_);
    if (got > 0) {
      filled_ += static_cast<std::size_t>(got);
      return true;
    }
    if (got == 0) return fail(Errc::disconnected, "the kernel has closed the stream");
    if (errno == EAGAIN || errno == EINTR) return false;
    return fail(Errc::disconnected,
                std::string("reading from the kernel: ") + std::strerror(errno));
  }

  // Hands every whole frame to `handle` (returns false to stop early).
  // Errors: Errc::corrupt.
  template <class Handle>
  Result<> each_frame(Handle&& handle) {
    FrameDecoder decoder(Bytes(input_.get(), filled_));
    Frame frame;
    while (decoder.next(frame))
      if (!handle(frame)) break;
    if (decoder.fault() != FrameFault::none)
      return fail(Errc::corrupt, std::string(describe(decoder.fault())));
    filled_ -= decoder.consumed();
    if (filled_ != 0 && decoder.consumed() != 0)
      std::memmove(input_.get(), input_.get() + decoder.consumed(), filled_);
    if (fds_ && filled_ == 0) fds_->drop();
    return {};
  }

  // From now on takes file descriptors that come with the bytes. Those that
  // nobody has taken when their frame is handled are closed.
  void accept_fds() { fds_ = std::make_unique<FdInbox>(); }
  // The first that has come and is not taken; none when there is none.
  Fd take_fd() { return fds_ ? fds_->take() : Fd(); }

  // Queues one frame; its counts and sizes are set here.
  // Errors: Errc::overloaded when the kernel has not read for too long,
  //         Errc::disconnected.
  Result<> write(Frame frame) {
    seal(frame);
    const std::size_t bytes = frame_bytes(frame.header);
    if (pending() + bytes > kOutputBytesMax) DKVM_CHECK(drain(kWriterWaitMax));
    if (end_ + bytes > kOutputBytesMax) {
      std::memmove(output_.get(), output_.get() + sent_, pending());
      end_ -= sent_;
      sent_ = 0;
    }
    const bool first = pending() == 0;
    end_ += write_frame(output_.get() + end_, frame);
    if (first && on_first_) on_first_();
    if (pending() >= kFlushBytes) return flush();
    return {};
  }

  // Sends what the socket takes now; the rest waits for the next flush.
  Result<> flush() {
    while (pending() != 0) {
      const ssize_t sent =
          ::send(out_, output_.get() + sent_, pending(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return {};
        return fail(Errc::disconnected,
                    std::string("writing to the kernel: ") + std::strerror(errno));
      }
      sent_ += static_cast<std::size_t>(sent);
    }
    sent_ = end_ = 0;
    return {};
  }

  // Sends everything, waiting for the kernel.
  Result<> drain(std::chrono::milliseconds at_most) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    DKVM_CHECK(flush());
    while (pending() != 0) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd waiting{out_, POLLOUT, 0};
      if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0)
        return fail(Errc::overloaded, "the kernel does not read");
      DKVM_CHECK(flush());
    }
    return {};
  }

  std::size_t pending() const { return end_ - sent_; }

  // Called when something is queued where nothing was: a flush is due.
  void on_first(std::function<void()> callback) { on_first_ = std::move(callback); }

 private:
  static constexpr std::chrono::milliseconds kWriterWaitMax{2000};

  ssize_t receive(std::byte* bytes, std::size_t size) {
    return fds_ ? fds_->receive(in_, bytes, size) : ::recv(in_, bytes, size, MSG_DONTWAIT);
  }

  int in_;
  int out_;
  std::unique_ptr<std::byte[]> input_;
  std::size_t filled_ = 0;
  std::unique_ptr<FdInbox> fds_;
  std::unique_ptr<std::byte[]> output_;
  std::function<void()> on_first_;
  std::size_t sent_ = 0;
  std::size_t end_ = 0;
};

}  // namespace dkvm::detail
