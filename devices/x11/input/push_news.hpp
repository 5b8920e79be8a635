#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace dkvm::x11 {

// Which of many pushes at a border are worth telling: those at another place, and of those
// at the same one some, as whoever is told may have refused the first for a reason that is
// over. Pure.
class PushNews {
 public:
  static constexpr std::uint64_t kAgainNs = 50'000'000;  // between two of the same place

  struct Push {
    std::size_t edge = 0;
    std::int32_t at = 0;  // along the side, in pixels of the desktop
    bool pushing = true;

    bool operator==(const Push&) const = default;
  };

  std::optional<Push> push(std::size_t edge, std::int32_t at, std::uint64_t now_ns) {
    const Push push{edge, at, true};
    if (told_ && *told_ == push && now_ns < told_ns_ + kAgainNs) return std::nullopt;
    told_ns_ = now_ns;
    return told_ = push;
  }
  // Nothing when no push was told since the last time.
  std::optional<Push> leave() {
    if (!told_) return std::nullopt;
    Push left = *told_;
    left.pushing = false;
    told_.reset();
    return left;
  }
  bool pushes(std::size_t edge) const { return told_ && told_->edge == edge; }
  void forget() { told_.reset(); }

 private:
  std::optional<Push> told_;
  std::uint64_t told_ns_ = 0;
};

}  // namespace dkvm::x11
