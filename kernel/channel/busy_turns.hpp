#pragma once

#include "kernel/loop/loop.hpp"

#include <deque>

namespace dkvm {

class Channel;

// The order of those who flood. A channel that had more to do than one turn
// takes waits here for its next: one turn of one of them follows each look at
// everybody else. So a key waits for one turn at most, and not for as many as
// there are floods.
// Life: loop thread; a channel that ends is forgotten first.
class BusyTurns {
 public:
  explicit BusyTurns(Loop& loop) : after_poll_(loop, [this] { next(); }) {}

  void add(Channel& channel);
  void forget(Channel& channel);

 private:
  void next();

  std::deque<Channel*> waiting_;  // each once
  AfterPoll after_poll_;
};

}  // namespace dkvm
