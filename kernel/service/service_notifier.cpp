#include "kernel/service/service_notifier.hpp"

#include "kernel/service/service_words.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace dkvm {
namespace {

// What changes within this time is told at once: devices come and go together.
constexpr std::chrono::milliseconds kTogether{20};
// A manager without room is tried again after this time.
constexpr std::chrono::milliseconds kAgain{200};

}  // namespace

Result<NotifySocket> ServiceNotifier::socket_of_environment() {
  const char* address = std::getenv("NOTIFY_SOCKET");
  return NotifySocket::of(address == nullptr ? "" : address);
}

std::optional<Duration> ServiceNotifier::watchdog_of_environment() {
  return watchdog_interval(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), ::getpid());
}

ServiceNotifier::ServiceNotifier(Loop& loop, Kernel& kernel, NotifySocket socket,
                                 std::optional<Duration> watchdog)
    : kernel_(kernel),
      socket_(std::move(socket)),
      report_([this](std::string_view message) { return socket_.send(message); }),
      look_(loop, [this] { look(); }),
      watchdog_(loop, [this, watchdog] {
        report_.alive();
        watchdog_.arm_in(*watchdog);
      }) {
  if (!socket_) return;
  kernel_.on_news([this](const KernelNews& news) { on_news(news); });
  look_.arm_in(kTogether);
  if (!watchdog) return;
  report_.alive();
  watchdog_.arm_in(*watchdog);
}

ServiceNotifier::~ServiceNotifier() { kernel_.on_news({}); }

void ServiceNotifier::on_news(const KernelNews& news) {
  switch (news.what) {
    case KernelNews::What::devices: break;
    case KernelNews::What::reloading:
      report_.reloading(
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
              .count());
      break;
    case KernelNews::What::reloaded: report_.reloaded(news.refusal); break;
    case KernelNews::What::stopping: report_.stopping(); break;
  }
  if (!look_.armed()) look_.arm_in(kTogether);
}

void ServiceNotifier::look() {
  report_.devices(kernel_.devices());
  if (!report_.flush()) look_.arm_in(kAgain);
}

}  // namespace dkvm
