#include "devices/dummy/player.hpp"

#include <dkvm/device_main.hpp>

namespace {

using namespace dkvm;

class DummyMouseSource final : public MouseSource {
 public:
  DummyMouseSource()
      : MouseSource("dummy-mouse-source", "Plays motion, buttons and wheel from a file") {
    dummy::Player::declare(*this);
  }

  Result<> start(Context& context) override { return player_.start(context); }

 private:
  dummy::Player player_{mouse, dummy::Family::mouse};
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyMouseSource>(argc, argv); }
