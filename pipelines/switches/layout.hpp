#pragma once

#include "pipelines/switches/desktop.hpp"
#include "pipelines/switches/spec.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace dkvm::detail {

// Which target's desktop lies beyond which side of another's, by index.
class Layout {
 public:
  explicit Layout(const SwitchSpec& spec);

  std::optional<std::size_t> beyond(std::size_t target, Side side) const {
    return neighbours_[target][static_cast<std::size_t>(side)];
  }

 private:
  std::vector<std::array<std::optional<std::size_t>, 4>> neighbours_;
};

inline constexpr std::array kSides = {Side::left, Side::right, Side::top, Side::bottom};

inline Layout::Layout(const SwitchSpec& spec) : neighbours_(spec.targets.size()) {
  const auto index_of = [&](const std::string& name) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < spec.targets.size(); ++i)
      if (spec.targets[i].name == name) return i;
    return std::nullopt;
  };
  const auto each = [&](auto place) {
    for (const Neighbour& neighbour : spec.layout) {
      const auto from = index_of(neighbour.target);
      const auto to = index_of(neighbour.beyond);
      if (from && to) place(*from, neighbour.side, *to);
    }
  };
  each([&](std::size_t from, Side side, std::size_t to) {
    neighbours_[from][static_cast<std::size_t>(side)] = to;
  });
  // What is written goes before what is implied.
  each([&](std::size_t from, Side side, std::size_t to) {
    auto& back = neighbours_[to][static_cast<std::size_t>(opposite(side))];
    if (!back) back = from;
  });
}

}  // namespace dkvm::detail
