#pragma once

#include <dkvm/log.hpp>

#include <cstdint>
#include <string_view>

namespace dkvm::media {

// Warnings about what comes: the first ones go to the log, so that a stream of
// nonsense does not fill it. Who complains counts all of them.
class Complaints {
 public:
  static constexpr std::uint64_t kLinesMax = 20;

  void say(std::string_view what) {
    if (++said_ <= kLinesMax) log_warning(what);
    if (said_ == kLinesMax) log_warning("further ones are only counted");
  }

 private:
  std::uint64_t said_ = 0;
};

}  // namespace dkvm::media
