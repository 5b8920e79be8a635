// Tells how bright a screen is, whenever that has changed.
#include <dkvm/device_main.hpp>
#include <dkvm/log.hpp>

#include <numeric>

class Brightness final : public dkvm::Device {
 public:
  Brightness() : Device("acme-brightness", "How bright a screen is") {
    screen_.on<dkvm::DisplayFrame>([this](const auto&, const auto& info) { on_frame(info); });
  }

 private:
  void on_frame(const dkvm::EventInfo& info) {
    const auto pixels = info.bytes();  // where the screen wrote them; nothing was copied
    if (pixels.empty()) return;
    const auto add = [](std::uint64_t sum, std::byte part) { return sum + std::uint64_t(part); };
    const auto sum = std::accumulate(pixels.begin(), pixels.end(), std::uint64_t{0}, add);
    const auto percent = 100 * sum / (255 * pixels.size());
    if (percent != std::exchange(percent_, percent))
      dkvm::log_info("brightness " + std::to_string(percent) + " %");
  }  // here the buffer goes back, unless info.keep() was called

  dkvm::InPort& screen_ = sink<dkvm::DisplayFrame>({.name = "screen", .help = "what to look at"});
  std::uint64_t percent_ = 101;
};

int main(int argc, char** argv) { return dkvm::device_main<Brightness>(argc, argv); }
