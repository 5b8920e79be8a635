#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace dkvm::tcp {

// Things that one thread leaves for another. What it holds is bounded by what
// there is to hand over: connections, buffers on loan.
template <class Thing>
class Handover {
 public:
  // True when it was empty: whoever takes must be told.
  bool put(Thing thing) {
    const std::lock_guard lock(mutex_);
    things_.push_back(std::move(thing));
    return things_.size() == 1;
  }
  std::vector<Thing> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(things_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Thing> things_;
};

}  // namespace dkvm::tcp
