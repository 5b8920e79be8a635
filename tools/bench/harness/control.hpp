#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

// How the bench commands the programs that it measures, aside from what is
// measured: one message socket for each of them, silent during a round.
// Both ends are the same build, so messages are plain structs.
namespace dkvm::bench {

inline constexpr std::size_t kEndpointNameBytesMax = 32;
inline constexpr std::size_t kSamplesMax = 32 * 1024;

// The first message of an endpoint.
struct Introduction {
  std::array<char, kEndpointNameBytesMax> name{};
  std::int32_t pid = 0;
  std::uint64_t ready_ns = 0;  // CLOCK_MONOTONIC
};

struct Order {
  enum class Kind : std::uint32_t {
    produce,  // send events for duration_ns, then the end mark, then report
    collect,  // report that one is ready, take events up to the end mark, report
    stall,    // a mouse's sink: read nothing until the next order
    tally,    // a mouse's sink: report what has come since the last stall; a key's: since
              // the last collect; one of numbers: ever. A source of numbers ends them
    publish,  // a source of frames: `count` events with a buffer of `bytes` each; a source
              // of bulk: as many as are taken in duration_ns
    emit,     // the same without buffers: as many bytes are written privately
    open,     // open `count` pools of `bytes`, in turns with bare ones, and report
    probe,    // time calls to the kernel `pid` for duration_ns, and report
    audit,    // look at the account of memory, and report
  };
  Kind kind = Kind::produce;
  std::uint32_t measure = 0;  // collect: keep every event's latency; frames: Reading
  double rate_hz = 0;         // produce: 0 is as fast as it goes
  std::uint64_t duration_ns = 0;
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;
  std::uint64_t beside = 0;  // publish: bytes written privately before each of them
  std::int64_t pid = 0;
};

// What a sink of frames does with each of them, once it has taken the time.
enum class Reading : std::uint32_t {
  pages,  // one word of every page
  all,    // every byte
};

struct Outcome {
  std::uint64_t events = 0;     // without the end mark
  std::uint64_t disorders = 0;  // events that did not follow their predecessor
  std::uint64_t buttons = 0;    // of a mouse; its motions are not counted here
  double travel = 0;            // of a mouse: the sum of its motions
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  std::uint64_t lost = 0;       // of frames: numbers that never came
  std::uint64_t exhausted = 0;  // of frames: due, and no slot was free
  std::uint64_t late = 0;       // of frames: the source woke up too late for them
  std::uint64_t address = 0;    // of the last frame, in the process that reports
  std::uint64_t pools = 0;      // of an audit: those of the kernel
  std::uint64_t leases = 0;     // of an audit: buffers that are held or queued
  std::uint64_t samples = 0;    // latencies that follow, in ns
};

// An endpoint's side.
class ControlLink {
 public:
  // Errors: Errc::disconnected when no bench listens there.
  static Result<ControlLink> connect(const std::string& path, const std::string& name);

  int fd() const { return fd_.get(); }
  // Waits; nullopt when the bench is gone.
  std::optional<Order> next() const;
  void report(const Outcome& outcome, std::span<const std::uint32_t> latencies_ns = {}) const;

 private:
  explicit ControlLink(detail::Fd fd) : fd_(std::move(fd)) {}
  detail::Fd fd_;
};

struct Answer {
  Outcome outcome;
  std::vector<double> latencies_us;
};

// The bench's side: endpoints by name. One that introduces itself again (it was
// restarted) takes its predecessor's place.
class Conductor {
 public:
  using Timeout = std::chrono::milliseconds;

  static Result<Conductor> listen(const std::string& path);

  const std::string& path() const { return path_; }
  // Waits until all of them have introduced themselves.
  // Errors: Errc::timeout naming one that has not, Errc::disconnected when
  //         the bench is interrupted.
  Result<> await(std::span<const std::string> names, Timeout timeout);
  Result<> await(const std::string& name, Timeout timeout) {
    return await(std::span(&name, 1), timeout);
  }
  // Waits for the next introduction of `name` after that of ready_ns.
  Result<Introduction> await_next(const std::string& name, std::uint64_t ready_ns, Timeout timeout);

  // Lets in those who wait, without waiting.
  Result<> admit_waiting();

  // Life: valid until its endpoint introduces itself again.
  const Introduction& introduction(const std::string& name) const;
  Result<> order(const std::string& name, const Order& order);
  Result<Answer> answer(const std::string& name, Timeout timeout);
  // Hangs up: our devices end in good order then.
  void dismiss(const std::string& name) { endpoints_.erase(name); }

 private:
  struct Endpoint {
    detail::Fd fd;
    Introduction introduction;
  };

  Conductor(detail::Fd listener, std::string path)
      : listener_(std::move(listener)), path_(std::move(path)) {}
  Result<bool> admit(Timeout timeout);

  detail::Fd listener_;
  std::string path_;
  std::map<std::string, Endpoint> endpoints_;
};

}  // namespace dkvm::bench
