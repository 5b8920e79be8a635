#include "devices/dummy/recorder.hpp"

#include <dkvm/device_main.hpp>

namespace {

using namespace dkvm;

class DummyKeyboardSink final : public KeyboardSink {
 public:
  DummyKeyboardSink() : KeyboardSink("dummy-keyboard-sink", "Writes keys into a file") {
    recorder_.declare(*this);
    keyboard.on_batch([this] { return recorder_.flush(); });
  }

  Result<> start(Context& context) override { return recorder_.start(context); }
  void let_go(Context&) override { recorder_.let_go(); }

 private:
  void on_key(const Key& event, const EventInfo& info) override {
    recorder_.record(event, info.capture_ns());
  }

  dummy::Recorder recorder_{dummy::Family::keyboard};
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyKeyboardSink>(argc, argv); }
