#include "tools/netlab/delay_queue.hpp"

#include <dkvm/time.hpp>

#include <arpa/inet.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace dkvm::netlab {
namespace {

constexpr int kSocketBytes = 4 * 1024 * 1024;
constexpr std::size_t kMessageBytesMax = 64 * 1024;

}  // namespace

std::uint64_t DelaySchedule::release_ns(std::uint64_t arrival_ns) {
  std::uniform_int_distribution<std::int64_t> spread(0, delay_.jitter.count());
  const std::chrono::nanoseconds wait = delay_.least + std::chrono::microseconds(spread(random_));
  std::uint64_t release = arrival_ns + static_cast<std::uint64_t>(wait.count());
  if (!delay_.reorder) release = std::max(release, last_ns_);
  last_ns_ = release;
  return release;
}

void DelayQueue::Closer::operator()(nfq_handle* handle) const { ::nfq_close(handle); }

Result<std::unique_ptr<DelayQueue>> DelayQueue::start(std::uint16_t number, const Delay& delay) {
  std::unique_ptr<DelayQueue> queue(new DelayQueue(delay));
  DKVM_CHECK(queue->open(number));
  queue->thread_ = std::thread([self = queue.get()] { self->run(); });
  return queue;
}

Result<> DelayQueue::open(std::uint16_t number) {
  const auto failed = [&](const char* what) {
    return fail(Errc::denied,
                "NFQUEUE " + std::to_string(number) + ": " + what + ": " + std::strerror(errno));
  };
  stop_ = Fd(::eventfd(0, EFD_CLOEXEC));
  handle_.reset(::nfq_open());
  if (!handle_ || !stop_) return failed("opening it");
  const auto on_packet = [](nfq_q_handle*, nfgenmsg*, nfq_data* packet, void* self) {
    static_cast<DelayQueue*>(self)->take(packet);
    return 0;
  };
  queue_ = ::nfq_create_queue(handle_.get(), number, on_packet, this);
  if (queue_ == nullptr) return failed("taking it");
  if (::nfq_set_mode(queue_, NFQNL_COPY_META, 0) < 0) return failed("asking for its packets");
  if (::nfq_set_queue_maxlen(queue_, kHeldPacketsMax) < 0) return failed("making it long enough");
  const int fd = ::nfq_fd(handle_.get());
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBytes, sizeof(kSocketBytes));
  return {};
}

DelayQueue::~DelayQueue() {
  if (!thread_.joinable()) return;
  const std::uint64_t once = 1;
  [[maybe_unused]] const ssize_t told = ::write(stop_.get(), &once, sizeof(once));
  thread_.join();
  let_go(UINT64_MAX);
  ::nfq_destroy_queue(queue_);
}

void DelayQueue::change(const Delay& delay) {
  const std::lock_guard lock(mutex_);
  schedule_ = DelaySchedule(delay);
}

void DelayQueue::take(nfq_data* packet) {
  const auto* header = ::nfq_get_msg_packet_hdr(packet);
  if (header == nullptr) return;
  const std::lock_guard lock(mutex_);
  held_.push({schedule_.release_ns(now_ns()), ++taken_, ntohl(header->packet_id)});
}

std::chrono::nanoseconds DelayQueue::let_go(std::uint64_t now_ns) {
  for (; !held_.empty() && held_.top().release_ns <= now_ns; held_.pop())
    ::nfq_set_verdict(queue_, held_.top().id, NF_ACCEPT, 0, nullptr);
  if (held_.empty()) return std::chrono::nanoseconds(-1);
  return std::chrono::nanoseconds(held_.top().release_ns - now_ns);
}

void DelayQueue::run() {
  const int fd = ::nfq_fd(handle_.get());
  std::vector<char> message(kMessageBytesMax);
  for (;;) {
    const auto wait = let_go(now_ns());
    const timespec until{static_cast<time_t>(wait.count() / 1'000'000'000),
                         static_cast<long>(wait.count() % 1'000'000'000)};
    std::array<pollfd, 2> waiting = {pollfd{fd, POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    ::ppoll(waiting.data(), waiting.size(), wait.count() < 0 ? nullptr : &until, nullptr);
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    const ssize_t got = ::recv(fd, message.data(), message.size(), 0);
    if (got > 0) ::nfq_handle_packet(handle_.get(), message.data(), static_cast<int>(got));
  }
}

}  // namespace dkvm::netlab
