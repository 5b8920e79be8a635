#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace dkvm {

// A thread for work that would block the loop. A piece of work owns what it
// needs and tells nobody; it must not throw.
class Worker {
 public:
  static constexpr std::size_t kWaitingMax = 1024;

  Worker();
  // Does what is waiting, then ends.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // In the order of the calls. False, and the work is left to the caller, when
  // kWaitingMax pieces are waiting.
  bool post(std::function<void()>&& work);
  // Returns when everything posted before is done; for tests and orderly ends.
  void drain();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool busy_ = false;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace dkvm
