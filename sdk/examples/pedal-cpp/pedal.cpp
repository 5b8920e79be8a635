// A foot switch with three pedals. Its port (a hidraw node, a serial line, a
// pipe to try it out) gives a byte per change: the pedals that are down.
#include <dkvm/codes.hpp>
#include <dkvm/device_main.hpp>
#include <dkvm/fd.hpp>

class Pedal final : public dkvm::KeyboardSource {
 public:
  Pedal() : KeyboardSource("acme-pedal", "A foot switch with three pedals") {
    option({.name = "path", .type = dkvm::ValueType::path, .help = "its port", .required = true});
  }

  dkvm::Result<> start(dkvm::Context& context) override {
    DKVM_TRY(const std::string path, context.config().text("path"));
    DKVM_TRY(port_, dkvm::open_nonblocking(path));
    return context.watch(port_.get(), [&] { on_byte(context); });
  }

 private:
  static constexpr std::uint16_t kCodes[] = {*dkvm::code_from_name("KEY_F13"),
                                             *dkvm::code_from_name("KEY_F14"),
                                             *dkvm::code_from_name("KEY_F15")};

  void on_byte(dkvm::Context& context) {
    unsigned char now = 0;
    if (read(port_.get(), &now, 1) != 1)
      return context.finish(dkvm::Error(dkvm::Errc::disconnected, "the pedals are gone"));
    for (unsigned i = 0; i < 3; ++i)
      if ((now ^ down_) >> i & 1) keyboard.emit(dkvm::key(kCodes[i], now >> i & 1));
    down_ = now;
  }

  dkvm::Fd port_;
  unsigned char down_ = 0;
};

int main(int argc, char** argv) { return dkvm::device_main<Pedal>(argc, argv); }
