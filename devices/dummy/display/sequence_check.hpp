#pragma once

#include <cstdint>

namespace dkvm::dummy {

// Keeps account of which pictures of a numbered row came, and when.
class SequenceCheck {
 public:
  // late_ns: a picture is late when it is older than that as it comes.
  explicit SequenceCheck(std::uint64_t late_ns) : late_ns_(late_ns) {}

  // How many were left out just before this one.
  std::uint64_t note(std::uint64_t number, std::uint64_t capture_ns, std::uint64_t now_ns) {
    std::uint64_t left_out = 0;
    if (last_ != 0 && number == last_) {
      ++repeated_;
    } else if (number < last_) {
      ++backwards_;
    } else if (last_ != 0) {
      left_out = number - last_ - 1;
    }
    lost_ += left_out;
    last_ = number;
    if (now_ns > capture_ns && now_ns - capture_ns > late_ns_) ++late_;
    return left_out;
  }

  std::uint64_t last() const { return last_; }  // 0: none came yet
  std::uint64_t lost() const { return lost_; }
  std::uint64_t late() const { return late_; }
  std::uint64_t repeated() const { return repeated_; }    // the same number twice in a row
  std::uint64_t backwards() const { return backwards_; }  // a smaller number: a source began anew

 private:
  std::uint64_t late_ns_;
  std::uint64_t last_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t backwards_ = 0;
};

}  // namespace dkvm::dummy
