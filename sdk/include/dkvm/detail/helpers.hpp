#pragma once

#include <dkvm/detail/mailbox.hpp>
#include <dkvm/detail/poller_linux.hpp>
#include <dkvm/result.hpp>

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

namespace dkvm::detail {

// Work that would keep the device's thread for too long: each piece has a thread of
// its own, whose end is told on the device's thread.
class Helpers {
 public:
  // Looks at `stop` now and then, and returns early when it is set.
  using Work = std::function<Result<>(const std::atomic<bool>& stop)>;
  using Done = std::function<void(Result<>)>;

  // Life: poller outlives this.
  explicit Helpers(Poller& poller) : poller_(poller) {}
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;
  // Waits until all have stopped.
  ~Helpers() {
    for (auto& [id, helper] : helpers_) helper->stop = true;
    for (auto& [id, helper] : helpers_) helper->thread.join();
    if (open_) poller_.forget(mailbox_.fd());
  }

  // done is called once at a later turn, unless cancelled before. Returns a handle
  // for cancel(), which is never used twice.
  // Shape:  what work refers to is in its own hands, or lives as long as done does
  // Errors: Errc::exhausted when no thread can be made.
  Result<std::uint64_t> start(Work work, Done done) {
    DKVM_CHECK(open());
    const std::uint64_t id = ++last_id_;
    auto helper = std::make_unique<Helper>();
    helper->work = std::move(work);
    helper->done = std::move(done);
    DKVM_CHECK(run(*helper, id));
    helpers_[id] = std::move(helper);
    return id;
  }

  // It stops soon; done is not called, and goes when it has stopped.
  void cancel(std::uint64_t id) {
    const auto found = helpers_.find(id);
    if (found != helpers_.end()) found->second->stop = true;
  }

 private:
  struct Helper {
    Work work;
    Done done;
    std::atomic<bool> stop{false};
    std::thread thread;
  };

  Result<> open() {
    if (open_) return {};
    DKVM_CHECK(mailbox_.open());
    DKVM_CHECK(poller_.watch(mailbox_.fd(), Poller::kReadable, [this] {
      for (const auto& finish : mailbox_.take()) finish();
    }));
    open_ = true;
    return {};
  }

  // Signals are for the threads that there were.
  Result<> run(Helper& helper, std::uint64_t id) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    Result<> started;
    try {
      helper.thread = std::thread([this, &helper, id] {
        auto result = helper.work(helper.stop);
        // There are never so many that this one is refused.
        [[maybe_unused]] const auto posted =
            mailbox_.post([this, id, result = std::move(result)] { finish(id, result); });
      });
    } catch (const std::system_error& error) {
      started = fail(Errc::exhausted, std::string("no thread can be made: ") + error.what());
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
  }

  void finish(std::uint64_t id, const Result<>& result) {
    const auto helper = std::move(helpers_.extract(id).mapped());
    helper->thread.join();
    if (!helper->stop) helper->done(result);
  }

  Poller& poller_;
  Mailbox mailbox_;
  bool open_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Helper>> helpers_;
  std::uint64_t last_id_ = 0;
};

}  // namespace dkvm::detail
