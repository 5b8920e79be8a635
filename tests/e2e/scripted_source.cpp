#include <dkvm/codes.hpp>
#include <dkvm/device_main.hpp>
#include <dkvm/fd.hpp>

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
    option({.name = "commands", .type = ValueType::path, .help = "a fifo", .required = true});
    option({.name = "stubborn", .type = ValueType::boolean, .fallback = "false"});
  }

  Result<> start(Context& context) override {
    DKVM_TRY(const std::string path, context.config().text("commands"));
    DKVM_TRY(stubborn_, context.config().flag("stubborn"));
    if (stubborn_) std::signal(SIGTERM, SIG_IGN);
    DKVM_TRY(commands_, open_nonblocking(path, O_RDWR));  // never at its end
    return context.watch(commands_.get(), [&] { read_commands(context); });
  }

  void stop(Context&) override {
    while (stubborn_) ::pause();
  }

 private:
  void read_commands(Context& context) {
    char bytes[4096];
    const ssize_t got = ::read(commands_.get(), bytes, sizeof(bytes));
    if (got <= 0) return;
    input_.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
      run(context, input_.substr(0, end));
      input_.erase(0, end + 1);
    }
  }

  void run(Context& context, const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb == "down" || verb == "up") {
      std::string code;
      words >> code;
      press(code, verb == "down");
    } else if (verb == "move") {
      double x = 0, y = 0;
      words >> x >> y;
      sent(mouse_.emit(motion_by(x, y)));
    } else if (verb == "burst") {
      words >> taps_left_;
      context.on_idle([this] { return tap(); });
    } else if (verb == "log") {
      log_info(line.substr(4));
    } else if (verb == "abort") {
      std::abort();
    } else if (verb == "finish") {
      context.finish(0);
    } else {
      context.finish(Error(Errc::invalid, "no such command: " + line));
    }
  }

  void press(const std::string& name, bool down) {
    const auto code = code_from_name(name);
    if (!code) return log_error("no such code: " + name);
    sent(name.starts_with("BTN_") ? mouse_.emit(button(*code, down))
                                  : keyboard_.emit(key(*code, down)));
  }

  bool tap() {
    constexpr int kTapsPerTurn = 50;
    static const auto code = *code_from_name("KEY_B");
    for (int i = 0; i < kTapsPerTurn && taps_left_ > 0; ++i, --taps_left_) {
      sent(keyboard_.emit(key(code, true)));
      sent(keyboard_.emit(key(code, false)));
    }
    return taps_left_ > 0;
  }

  static void sent(const Result<>& result) {
    if (!result) log_error(result.error().message());
  }

  OutPort& keyboard_ = source<Key, InputState>({.name = "keyboard"});
  OutPort& mouse_ = source<PointerMotion, PointerButton>({.name = "mouse"});
  bool stubborn_ = false;
  Fd commands_;
  std::string input_;
  long taps_left_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<ScriptedSource>(argc, argv); }
