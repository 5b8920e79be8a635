#pragma once

#include <cstdint>
#include <set>

namespace dkvm::tcp {

// How far a stream's sink is: up to which event everything was confirmed by the
// peer, or dropped. Pure.
class Progress {
 public:
  void sent(std::uint64_t sequence) {
    last_ = sequence;
    open_.insert(sequence);
  }
  void confirmed(std::uint64_t up_to) { open_.erase(open_.begin(), open_.upper_bound(up_to)); }
  void dropped(std::uint64_t sequence) { open_.erase(sequence); }
  // Keeps open what `is_open` says, of all that is: the rest is lost.
  template <class IsOpen>
  std::uint64_t keep(const IsOpen& is_open) {
    return std::erase_if(open_, [&](std::uint64_t sequence) { return !is_open(sequence); });
  }

  // Everything up to here is over.
  std::uint64_t applied() const { return open_.empty() ? last_ : *open_.begin() - 1; }

 private:
  std::uint64_t last_ = 0;
  std::set<std::uint64_t> open_;
};

}  // namespace dkvm::tcp
