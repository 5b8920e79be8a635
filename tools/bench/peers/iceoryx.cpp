// iceoryx: a publisher, and subscribers that sleep in a wait set. RouDi, its
// daemon, is not on the path of a frame.
//
//   dkvm-bench-iceoryx source|sink CONTROL NAME

#include "tools/bench/harness/frame_stream.hpp"
#include "tools/bench/peers/endpoint.hpp"

#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

#include <new>

namespace dkvm::bench {
namespace {

constexpr std::uint64_t kQueueCapacity = 4;  // as deep as the kernel's for frames
const iox::capro::ServiceDescription kService{"dkvm", "bench", "frames"};

// What stands before the pixels.
struct Head {
  FrameMark mark;
  std::uint64_t capture_ns = 0;
};

class FramePublisher {
 public:
  // False when nothing is to be had of iceoryx any more.
  bool produce(const Order& order, Outcome& outcome) {
    outcome = {};
    Pacer pacer;
    const Epoll epoll(pacer.fd());
    pacer.start(order.rate_hz);
    for (std::uint64_t number = 0; number < order.count;) {
      if (!epoll.wait(kSilenceMs)) return false;
      const std::uint64_t due = pacer.due();
      if (due == 0) continue;
      outcome.late += due - 1;
      const FrameMark mark{number + 1, number + 1 == order.count};
      if (!publish(mark, order.bytes)) {
        ++outcome.exhausted;
        if (mark.last) continue;
      } else {
        ++outcome.events;
      }
      ++number;
    }
    return true;
  }

 private:
  bool publish(FrameMark mark, std::uint64_t bytes) {
    bool done = false;
    publisher_.loan(static_cast<std::uint32_t>(sizeof(Head) + bytes)).and_then([&](void*& chunk) {
      auto* head = new (chunk) Head{mark, 0};
      paint({reinterpret_cast<std::byte*>(head + 1), bytes}, mark.number);
      head->capture_ns = now_ns();
      publisher_.publish(chunk);
      done = true;
    });
    return done;
  }

  iox::popo::UntypedPublisher publisher_{kService};
};

class FrameSubscriber {
 public:
  FrameSubscriber() {
    wait_set_.attachState(subscriber_, iox::popo::SubscriberState::HAS_DATA).or_else([](auto) {
      fmt::print(stderr, "iceoryx: attaching to a wait set failed\n");
    });
  }

  // False when nothing came for too long.
  bool collect(const Order& order, FrameCollector& collector) {
    bool ended = false;
    while (!ended) {
      if (wait_set_.timedWait(iox::units::Duration::fromMilliseconds(kSilenceMs)).empty())
        return false;
      subscriber_.take().and_then([&](const void* chunk) {
        const auto* head = static_cast<const Head*>(chunk);
        const Bytes pixels(reinterpret_cast<const std::byte*>(head + 1), order.bytes);
        ended = collector.take(head->mark, head->capture_ns, pixels, true);
        subscriber_.release(chunk);
      });
    }
    return true;
  }

 private:
  static iox::popo::SubscriberOptions options() {
    iox::popo::SubscriberOptions options;
    options.queueCapacity = kQueueCapacity;
    return options;
  }

  iox::popo::UntypedSubscriber subscriber_{kService, options()};
  iox::popo::WaitSet<> wait_set_;
};

int run_source(const ControlLink& control) {
  FramePublisher publisher;
  while (const auto order = control.next()) {
    Outcome outcome;
    if (!publisher.produce(*order, outcome)) return 1;
    control.report(outcome);
  }
  return 0;
}

int run_sink(const ControlLink& control) {
  FrameSubscriber subscriber;
  FrameCollector collector;
  while (const auto order = control.next()) {
    collector.begin(*order);
    control.report({});
    if (!subscriber.collect(*order, collector)) return 1;
    collector.report(control);
  }
  return 0;
}

int run(const PeerArguments& arguments) {
  // Waits until RouDi is there.
  iox::runtime::PoshRuntime::initRuntime(
      iox::RuntimeName_t(iox::cxx::TruncateToCapacity, arguments.name.c_str()));
  return with_control(arguments, [&](const ControlLink& control) {
    return arguments.role == "source" ? run_source(control) : run_sink(control);
  });
}

}  // namespace
}  // namespace dkvm::bench

int main(int argc, char** argv) {
  if (argc != 4) return dkvm::bench::misuse_of_peer();
  return dkvm::bench::run({argv[1], argv[2], argv[3]});
}
