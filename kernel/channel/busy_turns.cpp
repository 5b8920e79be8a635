#include "kernel/channel/busy_turns.hpp"

#include "kernel/channel/channel.hpp"

#include <algorithm>

namespace dkvm {

void BusyTurns::add(Channel& channel) {
  if (std::ranges::find(waiting_, &channel) == waiting_.end()) waiting_.push_back(&channel);
  after_poll_.request();
}

void BusyTurns::forget(Channel& channel) { std::erase(waiting_, &channel); }

void BusyTurns::next() {
  if (waiting_.empty()) return;
  Channel& channel = *waiting_.front();
  waiting_.pop_front();
  channel.take_turn();
  if (!waiting_.empty()) after_poll_.request();
}

}  // namespace dkvm
