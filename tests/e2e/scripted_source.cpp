#include "tests/e2e/commands.hpp"

#include <dkvm/device_main.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>

// A keyboard and mouse in one that does what it is told, a line a command:
//
//   down KEY_A · up KEY_A · down BTN_LEFT · move X Y
//   burst N      N taps of KEY_B
//   log TEXT · abort · finish
//
// With `stubborn` it ignores SIGTERM and never answers a stop frame.
namespace {

using namespace dkvm;

class ScriptedSource final : public Device {
 public:
  ScriptedSource() : Device("scripted-source", "Does what its test tells it") {
    test::Commands::declare(*this);
    option({.name = "stubborn", .type = ValueType::boolean, .fallback = "false"});
  }

  Result<> start(Context& context) override {
    DKVM_TRY(stubborn_, context.config().flag("stubborn"));
    if (stubborn_) std::signal(SIGTERM, SIG_IGN);
    return commands_.begin(context, [this, &context](const auto& verb, auto& words) {
      return run(context, verb, words);
    });
  }

  void stop(Context&) override {
    while (stubborn_) ::pause();
  }

 private:
  bool run(Context& context, const std::string& verb, std::istringstream& words) {
    if (test::play(verb, words, keyboard_, mouse_)) return true;
    if (verb == "burst") {
      words >> taps_left_;
      context.on_idle([this] { return tap(); });
    } else if (verb == "log") {
      std::string text;
      std::getline(words >> std::ws, text);
      log_info(text);
    } else if (verb == "abort") {
      std::abort();
    } else if (verb == "finish") {
      context.finish(0);
    } else {
      return false;
    }
    return true;
  }

  bool tap() {
    constexpr int kTapsPerTurn = 50;
    static const auto code = *code_from_name("KEY_B");
    for (int i = 0; i < kTapsPerTurn && taps_left_ > 0; ++i, --taps_left_) {
      test::sent(keyboard_.emit(key(code, true)));
      test::sent(keyboard_.emit(key(code, false)));
    }
    return taps_left_ > 0;
  }

  OutPort& keyboard_ = source<Key, InputState>({.name = "keyboard"});
  OutPort& mouse_ = source<PointerMotion, PointerButton>({.name = "mouse"});
  bool stubborn_ = false;
  test::Commands commands_;
  long taps_left_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<ScriptedSource>(argc, argv); }
