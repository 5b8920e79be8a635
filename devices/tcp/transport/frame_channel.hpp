#pragma once

#include "devices/tcp/transport/tls_stream.hpp"

#include <dkvm/context.hpp>
#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace dkvm::tcp {

// Frames over a TlsStream, in the device's loop. At most 64 KiB are read a turn;
// frames that are sent wait in an outbox until flush(), and there as long as the
// socket holds 4 KiB that are not on the wire yet.
// Life: held by shared_ptr, since a callback may let go of it; the context outlives it
class FrameChannel : public std::enable_shared_from_this<FrameChannel> {
 public:
  struct Callbacks {
    std::function<void()> heard;              // bytes have come, before their frames
    std::function<void(const Frame&)> frame;  // Life: the frame, until it returns
    std::function<void()> drained;            // the backlog has become 0
    std::function<void(const Error&)> lost;   // once, the last
  };

  // The handshake is done.
  static std::shared_ptr<FrameChannel> make(Context& context, TlsStream stream);
  ~FrameChannel();
  FrameChannel(const FrameChannel&) = delete;
  FrameChannel& operator=(const FrameChannel&) = delete;

  // Begins to read, at once and whenever something comes.
  // Errors: Errc::invalid, of the context.
  Result<> open(Callbacks callbacks);

  // Copies the frame into the outbox; its counts and sizes are set here.
  // Errors: Errc::exhausted beyond kChannelBacklogMax, Errc::disconnected when closed.
  Result<> send(Frame frame);
  // Sends what the socket should take now.
  void flush();
  // Bytes that the socket has not taken.
  std::size_t backlog() const { return out_.size() - sent_; }

  // No callback comes any more; what is in the outbox is tried once.
  void close();
  bool is_open() const { return open_; }

  const TlsStream& stream() const { return stream_; }
  std::uint64_t sent_bytes() const { return sent_bytes_; }
  std::uint64_t received_bytes() const { return received_bytes_; }

 private:
  FrameChannel(Context& context, TlsStream stream);
  void ready();
  void read_again();
  Result<> read();
  Result<> decode();
  Result<> write();
  void watch_what_is_due();
  void lose(const Error& why);

  Context& context_;
  TlsStream stream_;
  Callbacks callbacks_;
  bool open_ = false;
  bool reading_again_ = false;
  bool writable_wanted_ = false;
  bool behind_ = false;  // a flush left something: drained() is owed
  std::unique_ptr<std::byte[]> input_;
  std::size_t filled_ = 0;
  std::vector<std::byte> out_;
  std::size_t sent_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t received_bytes_ = 0;
};

}  // namespace dkvm::tcp
