// A screen with a gradient that moves, 60 times a second.
#include <dkvm/device_main.hpp>

class Screen final : public dkvm::Device {
 public:
  Screen() : Device("acme-screen", "A screen with a gradient that moves") {}

  dkvm::Result<> start(dkvm::Context& context) override {
    tick(context, dkvm::now_ns());
    return screen_.open_pool({.slot_bytes = kStride * kHeight});
  }

 private:
  static constexpr std::uint32_t kWidth = 640, kHeight = 360, kStride = kWidth * 4;
  static constexpr std::uint32_t kXr24 = 0x34325258;  // DRM_FORMAT_XRGB8888
  static constexpr std::uint64_t kFrameNs = 1'000'000'000 / 60;

  void tick(dkvm::Context& context, std::uint64_t due_ns) {
    if (auto slot = screen_.borrow()) show(std::move(*slot));  // none: not this time
    const auto next_ns = due_ns + kFrameNs;
    context.at(next_ns, [this, &context, next_ns] { tick(context, next_ns); });
  }

  void show(dkvm::Slot slot) {
    const auto pixels = slot.bytes();
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = std::byte(i / kStride + shift_);
    dkvm::DisplayFrame frame;
    frame.width = kWidth, frame.height = kHeight, frame.stride = kStride, frame.fourcc = kXr24;
    screen_.publish(std::move(slot), pixels.size(), frame);
    ++shift_;
  }

  dkvm::OutPort& screen_ = source<dkvm::DisplayFrame>({.name = "screen", .help = "the gradient"});
  std::size_t shift_ = 0;
};

int main(int argc, char** argv) { return dkvm::device_main<Screen>(argc, argv); }
