#pragma once

#include <dkvm/context.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace dkvm::codec {

// A thread that does jobs one after the other, for what takes longer than a device may
// keep the kernel waiting for its pong; what has become of each is told on the device's
// thread, in order. How many may wait is for its owner to say.
// Life: the device's thread, but for `work`; the context outlives it.
template <class Job, class Done>
class Worker {
 public:
  using Work = std::function<Done(Job)>;  // on the other thread
  using OnDone = std::function<void(Done)>;

  Worker(Context& context, Work work, OnDone on_done)
      : context_(context),
        work_(std::move(work)),
        on_done_(std::move(on_done)),
        thread_([this] { run(); }) {}
  // Waits for the job in work. Those that wait are dropped, and nothing more is told.
  ~Worker() {
    *alive_ = false;
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    woken_.notify_one();
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void give(Job job) {
    ++outstanding_;
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    woken_.notify_one();
  }
  // Jobs whose end was not told yet.
  std::size_t outstanding() const { return outstanding_; }

  // Takes back those that wait; the one in work goes on.
  std::deque<Job> take_back() {
    std::deque<Job> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(jobs_);
    }
    outstanding_ -= waiting.size();
    return waiting;
  }

 private:
  std::optional<Job> next() {
    std::unique_lock lock(mutex_);
    woken_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
    if (ended_) return std::nullopt;
    std::optional<Job> job(std::move(jobs_.front()));
    jobs_.pop_front();
    return job;
  }

  void run() {
    while (auto job = next()) {
      auto done = std::make_shared<Done>(work_(std::move(*job)));  // functions are copied
      // Owners have a few jobs out at most: the mailbox has room.
      [[maybe_unused]] const auto posted =
          context_.post([this, alive = alive_, done = std::move(done)] {
            if (!*alive) return;
            --outstanding_;
            on_done_(std::move(*done));
          });
    }
  }

  Context& context_;
  Work work_;
  OnDone on_done_;
  std::size_t outstanding_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted calls

  std::mutex mutex_;  // of the next three
  std::condition_variable woken_;
  std::deque<Job> jobs_;
  bool ended_ = false;
  std::thread thread_;  // last: it uses all of them
};

}  // namespace dkvm::codec
