#pragma once

#include "kernel/channel/busy_turns.hpp"
#include "kernel/channel/outbox.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/loop/unique_fd.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace dkvm {

// What all channels of a loop share: the turns of the busy ones, and memory
// while one of them reads or writes, so that an idle channel owns next to
// nothing.
struct ChannelScratch {
  static constexpr std::size_t kBytes = kFrameBytesMax + 64 * 1024;  // a frame and a batch

  std::unique_ptr<std::byte[]> input{new std::byte[kBytes]};
  std::unique_ptr<std::byte[]> output{new std::byte[kBytes]};
  BusyTurns turns;

  explicit ChannelScratch(Loop& loop) : turns(loop) {}
};

// Whoever a channel belongs to.
class ChannelOwner {
 public:
  virtual ~ChannelOwner() = default;
  // One whole frame; its views are valid during the call. False stops the
  // reading (the channel is to be closed).
  virtual bool on_frame(const Frame& frame, std::uint64_t received_ns) = 0;
  // Every frame of this turn has been handed over.
  virtual void on_turn_end() = 0;
  // Writes waiting events into out, about budget bytes of them; returns bytes.
  // Fewer than budget: nothing more waits.
  // Shape: out has room for budget + kFrameBytesMax.
  virtual std::size_t fill(std::span<std::byte> out, std::size_t budget) = 0;
  // The stream has ended or broken; nothing more comes. Called once.
  // torn: it ended in the middle of a frame.
  virtual void on_closed(const Error& error, bool torn) = 0;
};

// One device's stream on the kernel's loop: fair reads, coalesced writes. Frames
// given to send() go first, then what fill() has; a frame is never split
// between them.
// Limits: 16 KiB read and kWriteBytesPerTurnMax of events written a turn; who has
//         more takes its next in BusyTurns. kUnreadBytesMax and kUnreadDescriptorsMax
//         that wait for the device.
// Life:   loop thread; on_closed may not destroy the channel during a call of
//         it (park it and destroy it later).
class Channel {
 public:
  static constexpr std::size_t kUnreadBytesMax = 4 * 1024 * 1024;
  // Each may be of a pool that is closed since, so that nothing else counts it.
  static constexpr std::size_t kUnreadDescriptorsMax = 256;
  static constexpr std::size_t kWriteBytesPerTurnMax = 32 * 1024;
  static constexpr int kDrainTurnsMax = 256;  // 4 MiB, more than a socket holds

  // write_budget: bytes offered to the socket at once; see narrow() for sinks
  // whose events should wait where they can still be coalesced.
  Channel(Loop& loop, UniqueFd stream, ChannelScratch& scratch, ChannelOwner& owner,
          std::size_t write_budget);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { scratch_.turns.forget(*this); }

  // From now on so much is offered at once, and the socket holds about
  // send_bytes. To be said before there is anything to send.
  void narrow(std::size_t write_budget, int send_bytes);

  // Queues a frame of the kernel's own, with the descriptor that rides on its first
  // byte, if any; flush() sends it. A device that leaves more than kUnreadBytesMax
  // or kUnreadDescriptorsMax unread is closed by the next flush().
  void send(Frame frame, SharedFd fd = nullptr);

  // Sends what waits, as far as the socket takes it and a turn goes; the rest
  // follows in other turns.
  void flush();

  // Reads what is left when the process at the other end is gone: at most
  // kDrainTurnsMax reads, as whoever else has the other end may go on writing.
  void read_all();

  // Reads and writes what is ready; for BusyTurns.
  void take_turn();

  // Reads no more and writes no more.
  void close();
  bool closed() const { return closed_; }
  // Bytes that the socket has not taken.
  std::size_t backlog() const { return outbox_.size(); }

 private:
  void on_ready(PollEvents events);
  bool busy() const { return more_to_read_ || more_to_write_; }
  bool read_turn();
  std::size_t receive(std::span<std::byte> room);
  void fail_with(Error error);
  bool send_waiting();
  bool send_events(Bytes bytes);
  void watch(bool writable);

  UniqueFd stream_;
  ChannelScratch& scratch_;
  ChannelOwner& owner_;
  std::size_t write_budget_;
  std::vector<std::byte> partial_;  // the frame that has not come whole
  Outbox outbox_;
  bool writable_watched_ = false;
  bool readable_ = false;  // as the loop said, until the next turn
  bool writable_ = false;
  bool more_to_read_ = false;  // the latest turn was full
  bool more_to_write_ = false;
  bool closed_ = false;
  Poll poll_;
};

}  // namespace dkvm
