#include <dkvm/device_main.hpp>

#include <dkvm/codes.hpp>

#include <cstdint>
#include <fstream>
#include <string>

// A machine with a screen: says its monitors, and writes what is done to it, a line each:
// `down KEY_A`, `up KEY_A`, `to X Y`, `by X Y`.
namespace {

using namespace dkvm;

class ScreenSink final : public Device {
 public:
  ScreenSink() : Device("screen-sink", "Writes what is done to it") {
    option({.name = "log", .type = ValueType::path, .help = "what happened", .required = true});
    option({.name = "width", .type = ValueType::integer, .fallback = "1000"});
    option({.name = "height", .type = ValueType::integer, .fallback = "500"});
  }

  Result<> start(Context& context) override {
    DKVM_TRY(const std::string log, context.config().text("log"));
    DKVM_TRY(const std::int64_t width, context.config().integer("width"));
    DKVM_TRY(const std::int64_t height, context.config().integer("height"));
    log_.open(log, std::ios::app);
    input_.on<Key>([this](const Key& key, const EventInfo&) { press(key.code, key.down); });
    input_.on<PointerButton>(
        [this](const PointerButton& it, const EventInfo&) { press(it.code, it.down); });
    input_.on<PointerScroll>([](const PointerScroll&, const EventInfo&) {});
    input_.on<PointerMotion>([this](const PointerMotion& it, const EventInfo&) {
      log_ << (it.absolute ? "to " : "by ") << it.x << ' ' << it.y << '\n' << std::flush;
    });
    Geometry geometry;
    auto monitor = std::make_unique<wire::MonitorT>();
    monitor->width = static_cast<std::uint32_t>(width);
    monitor->height = static_cast<std::uint32_t>(height);
    geometry.monitors.push_back(std::move(monitor));
    return input_.send_upstream(geometry);
  }

 private:
  void press(std::uint16_t code, bool down) {
    log_ << (down ? "down " : "up ") << code_name(code) << '\n' << std::flush;
  }

  InPort& input_ =
      sink<Key, PointerMotion, PointerButton, PointerScroll>({.name = "input", .injects = true});
  std::ofstream log_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<ScreenSink>(argc, argv); }
