#pragma once

#include "tools/bench/harness/control.hpp"
#include "tools/bench/harness/key_stream.hpp"
#include "tools/bench/harness/pacer.hpp"

#include <fmt/format.h>

#include <sys/epoll.h>

#include <cstdint>
#include <string>
#include <string_view>

// The source and the sink that the peers share: what differs is the transport.
//   bool send(Bytes frame)      takes one frame, may keep it until flush()
//   bool flush()
//   bool receive(handle)        waits for at least one frame; handle(const Frame&)
// false: the connection is gone, or nothing came for kSilenceMs.
namespace dkvm::bench {

inline constexpr int kSilenceMs = 3000;

// Waits for one descriptor.
class Epoll {
 public:
  explicit Epoll(int fd) : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN;
    ::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  bool wait(int timeout_ms) const {
    epoll_event event{};
    return ::epoll_wait(fd_.get(), &event, 1, timeout_ms) == 1;
  }

 private:
  detail::Fd fd_;
};

// Sends the steps of a round; how they leave is the transport's.
template <class Transport>
class KeySource {
 public:
  explicit KeySource(Transport& transport) : transport_(transport) {}

  // False when the connection is gone.
  bool produce(const Order& order, Outcome& outcome) {
    outcome = {};
    outcome.first_ns = now_ns();
    const std::uint64_t end_ns = outcome.first_ns + order.duration_ns;
    const bool sent =
        order.rate_hz > 0 ? paced(order.rate_hz, end_ns, outcome) : flat_out(end_ns, outcome);
    outcome.last_ns = now_ns();
    return sent && put({kEndCode, true}) && put({kEndCode, false}) && transport_.flush();
  }

 private:
  static constexpr int kLookAtClockEvery = 64;

  bool put(KeyStep step) { return transport_.send(frames_.make(step, now_ns())); }

  bool paced(double rate_hz, std::uint64_t end_ns, Outcome& outcome) {
    pacer_.start(rate_hz);
    bool alive = true;
    while (alive && (now_ns() < end_ns || !steps_.at_rest())) {
      epoll_.wait(kSilenceMs);
      for (std::uint64_t due = pacer_.due(); alive && due != 0; --due, ++outcome.events)
        alive = put(steps_.next());
      alive = alive && transport_.flush();
    }
    pacer_.stop();
    return alive;
  }

  bool flat_out(std::uint64_t end_ns, Outcome& outcome) {
    while (now_ns() < end_ns) {
      for (int i = 0; i < kLookAtClockEvery; ++i, ++outcome.events)
        if (!put(steps_.next())) return false;
    }
    return true;
  }

  Transport& transport_;
  Pacer pacer_;
  Epoll epoll_{pacer_.fd()};
  KeySteps steps_;
  KeyFrames frames_;
};

template <class Transport>
int run_source(const ControlLink& control, Transport& transport) {
  KeySource<Transport> source(transport);
  while (const auto order = control.next()) {
    Outcome outcome;
    if (!source.produce(*order, outcome)) return 1;
    control.report(outcome);
  }
  return 0;
}

template <class Transport>
int run_sink(const ControlLink& control, Transport& transport) {
  KeyCollector collector;
  while (const auto order = control.next()) {
    collector.begin(order->measure != 0);
    control.report({});
    bool ended = false;
    while (!ended)
      if (!transport.receive([&](const Frame& frame) { ended = collector.take(frame); })) return 1;
    collector.report(control);
  }
  return 0;
}

// main() of a peer's program: PROGRAM ROLE CONTROL NAME [ARGUMENTS...].
struct PeerArguments {
  std::string_view role;
  std::string control;
  std::string name;
};

inline int misuse_of_peer() {
  fmt::print(stderr, "a part of dkvm-bench, which starts it\n");
  return 2;
}

// Runs `role` with the link to the bench.
template <class Run>
int with_control(const PeerArguments& arguments, Run&& run) {
  const auto control = ControlLink::connect(arguments.control, arguments.name);
  if (!control) {
    fmt::print(stderr, "{}: {}\n", arguments.name, control.error().message());
    return 1;
  }
  return run(*control);
}

}  // namespace dkvm::bench
