#include "devices/dummy/display/noise.hpp"

#include "devices/dummy/display/damage.hpp"

#include <algorithm>
#include <cstring>

namespace dkvm::dummy {

Result<std::optional<Rect>> NoisePainter::draw(std::uint64_t number, bool partial) {
  SeededRandom random(seed_, number);
  const Rect area = partial ? random_damage(random, canvas_.area(), 1, 1) : canvas_.area();
  for (std::uint32_t y = area.y(); y < area.y() + area.height(); ++y) {
    auto rest = canvas_.row(area, y);
    while (!rest.empty()) {
      const std::uint64_t value = random.next();
      const std::size_t bytes = std::min(rest.size(), sizeof(value));
      std::memcpy(rest.data(), &value, bytes);
      rest = rest.subspan(bytes);
    }
  }
  return area;
}

}  // namespace dkvm::dummy
