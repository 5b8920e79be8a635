#pragma once

#include "tests/hostile/liar_stream.hpp"

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::test {

inline constexpr std::uint16_t kScreenPort = 1;  // a source of `display_frame`
inline constexpr std::uint16_t kViewPort = 2;    // a sink of it
inline constexpr std::uint16_t kSecondPort = 3;  // another source of it
inline constexpr std::uint64_t kLiarSlotBytes = 4096;

// What a liar with shared buffers says of itself.
Manifest pool_liar_manifest();

// A liar's end of its pools: frames and calls about buffers, filled by hand.
// Each next_…() waits for such a frame and keeps the others for later. Meanwhile
// pings are answered, pools that are only read closed when that is asked for,
// and a stop ends the process with 0.
class PoolLiar {
 public:
  using Refs = std::vector<wire::BufferRef>;

  struct Pool {
    wire::PoolOpenT open;
    int fd = -1;  // none for a named pool
  };

  // Honest up to here: it has its welcome and said that it is at work.
  explicit PoolLiar(LiarStream& stream);

  // A call to the kernel whose answer nobody waits for.
  bool ask_kernel(const std::string& method, const std::string& body);
  // A call to the kernel, and its answer.
  wire::ResponseT call(const std::string& method, const std::string& body);
  // The same for a buffer: memory.retain or memory.release.
  wire::Code call(const std::string& method, std::uint16_t port, const wire::BufferRef& ref);

  Pool next_pool();
  Refs next_slots();
  Refs next_event();
  std::uint32_t next_close();
  bool has_pool() const { return !pools_.empty(); }
  bool has_event() const { return !events_.empty(); }
  // The pool that this buffer lies in; those that came before are forgotten.
  Pool pool_of(const wire::BufferRef& ref);
  // From here on no pool_close is answered but by say().
  void close_by_hand() { closes_by_itself_ = false; }

  // Asks its producers for a picture, and waits for that.
  void ask();
  void wait_asked();

  // Asks for a pool, again as long as there are too many, and gets it; its memory
  // is not mapped yet.
  Pool open_pool(unsigned slots = 3, const std::string& memory = "memfd");
  // A whole pool: opened, mapped and with its first slots granted.
  Refs working_pool(unsigned slots = 3);

  bool say(wire::FrameKind kind, std::uint32_t pool);  // pool_mapped, pool_closed
  bool publish(const Refs& refs, std::uint16_t port = kScreenPort);
  bool release(const Refs& refs, std::uint16_t port = kViewPort);
  void apply();  // everything that came on the view

  LiarStream::Bits event(const Refs& refs, std::uint16_t port = kScreenPort);
  static LiarStream::Bits releasing(const Refs& refs, std::uint16_t port = kViewPort);

  // As a good producer does between two pictures: maps what it was given, closes
  // what it was asked to.
  void tidy();
  // Behaves from here on, until it is told to stop.
  int live();
  int goodbye() { return stream_.goodbye(); }
  LiarStream& stream() { return stream_; }

 private:
  void take();
  template <class Kept>
  auto first_of(Kept& kept) {
    while (kept.empty()) take();
    auto first = std::move(kept.front());
    kept.pop_front();
    return first;
  }

  LiarStream& stream_;
  std::uint64_t last_call_ = 0;
  std::uint64_t last_event_ = 0;
  std::uint64_t last_seen_ = 0;  // sequence on the view
  std::deque<Pool> pools_;
  std::deque<Refs> slots_;
  std::deque<Refs> events_;
  std::deque<std::uint32_t> closes_;
  std::deque<wire::ResponseT> answers_;
  std::set<std::uint32_t> written_;  // pools that it was given to write
  bool closes_by_itself_ = true;
  bool asked_ = false;
};

// The bytes of a buffer, by way of its descriptor; fewer when there are not all.
std::vector<char> bytes_of(int fd, const wire::BufferRef& ref);
// Fills it with a process id, and finds it there again; 0 when it is not all of it.
bool mark(int fd, const wire::BufferRef& ref, pid_t pid);
pid_t marked(int fd, const wire::BufferRef& ref);

}  // namespace dkvm::test
