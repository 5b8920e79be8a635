#pragma once

#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <thread>
#include <vector>

struct nfq_handle;
struct nfq_q_handle;
struct nfq_data;

namespace dkvm::netlab {

struct Delay {
  std::chrono::microseconds least{0};
  std::chrono::microseconds jitter{0};  // on top of it, evenly spread over 0 to this
  bool reorder = false;                 // else a packet waits for those before it
  std::uint64_t seed = 1;
};

// When a packet may go on; pure.
class DelaySchedule {
 public:
  explicit DelaySchedule(const Delay& delay) : delay_(delay), random_(delay.seed) {}

  std::uint64_t release_ns(std::uint64_t arrival_ns);

 private:
  Delay delay_;
  std::mt19937_64 random_;
  std::uint64_t last_ns_ = 0;
};

// Holds packets that iptables diverts to an NFQUEUE, on a thread of its own. At most
// kHeldPacketsMax wait; the system drops what is more.
// Life: what is held goes on at once when it is destroyed.
class DelayQueue {
 public:
  static constexpr unsigned kHeldPacketsMax = 8192;

  // number: of the queue in the network of the calling thread.
  // Errors: Errc::denied when this process may not.
  static Result<std::unique_ptr<DelayQueue>> start(std::uint16_t number, const Delay& delay);
  ~DelayQueue();

  // For packets from now on.
  void change(const Delay& delay);

 private:
  struct Closer {
    void operator()(nfq_handle* handle) const;
  };

  explicit DelayQueue(const Delay& delay) : schedule_(delay) {}
  Result<> open(std::uint16_t number);
  void run();
  void take(nfq_data* packet);
  // How long until the next one; -1 ns when none waits.
  std::chrono::nanoseconds let_go(std::uint64_t now_ns);

  struct Packet {
    std::uint64_t release_ns = 0;
    std::uint64_t order = 0;  // those of one time go as they came
    std::uint32_t id = 0;
    auto operator<=>(const Packet&) const = default;
  };

  std::unique_ptr<nfq_handle, Closer> handle_;
  nfq_q_handle* queue_ = nullptr;
  std::priority_queue<Packet, std::vector<Packet>, std::greater<>> held_;
  std::uint64_t taken_ = 0;
  Fd stop_;
  std::mutex mutex_;  // of the schedule
  DelaySchedule schedule_;
  std::thread thread_;
};

}  // namespace dkvm::netlab
