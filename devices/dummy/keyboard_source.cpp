#include "devices/dummy/player.hpp"

#include <dkvm/device_main.hpp>

namespace {

using namespace dkvm;

class DummyKeyboardSource final : public KeyboardSource {
 public:
  DummyKeyboardSource() : KeyboardSource("dummy-keyboard-source", "Plays keys from a file") {
    dummy::Player::declare(*this);
  }

  Result<> start(Context& context) override { return player_.start(context); }

 private:
  dummy::Player player_{keyboard, dummy::Family::keyboard};
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyKeyboardSource>(argc, argv); }
