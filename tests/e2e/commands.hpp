#pragma once

#include <dkvm/codes.hpp>
#include <dkvm/context.hpp>
#include <dkvm/device.hpp>
#include <dkvm/events.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/log.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <sstream>
#include <string>
#include <utility>

// What the sources of tests have in common: a keyboard and a mouse that do what a fifo says.
namespace dkvm::test {

// Reads commands, a line each.
class Commands {
 public:
  // `commands`, the device's configuration key.
  static void declare(Device& device) {
    device.option(
        {.name = "commands", .type = ValueType::path, .help = "a fifo", .required = true});
  }

  // run(verb, rest) is false for one that there is not: the device ends.
  using Run = std::function<bool(const std::string& verb, std::istringstream& rest)>;
  Result<> begin(Context& context, Run run) {
    run_ = std::move(run);
    DKVM_TRY(const std::string path, context.config().text("commands"));
    DKVM_TRY(fifo_, open_nonblocking(path, O_RDWR));  // never at its end
    return context.watch(fifo_.get(), [this, &context] { read(context); });
  }

 private:
  void read(Context& context) {
    char bytes[4096];
    const ssize_t got = ::read(fifo_.get(), bytes, sizeof(bytes));
    if (got <= 0) return;
    input_.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end = input_.find('\n'); end != std::string::npos; end = input_.find('\n')) {
      const std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      std::istringstream words(line);
      std::string verb;
      words >> verb;
      if (!run_(verb, words)) context.finish(Error(Errc::invalid, "no such command: " + line));
    }
  }

  Run run_;
  Fd fifo_;
  std::string input_;
};

inline void sent(const Result<>& result) {
  if (!result) log_error(result.error().message());
}

// `down KEY_A`, `up KEY_A`, `down BTN_LEFT`, `move X Y`; false for another command.
inline bool play(const std::string& verb, std::istringstream& words, OutPort& keyboard,
                 OutPort& mouse) {
  if (verb == "move") {
    double x = 0, y = 0;
    words >> x >> y;
    sent(mouse.emit(motion_by(x, y)));
    return true;
  }
  if (verb != "down" && verb != "up") return false;
  std::string name;
  words >> name;
  const bool down = verb == "down";
  if (const auto code = code_from_name(name); !code)
    log_error("no such code: " + name);
  else if (name.starts_with("BTN_"))
    sent(mouse.emit(button(*code, down)));
  else
    sent(keyboard.emit(key(*code, down)));
  return true;
}

}  // namespace dkvm::test
