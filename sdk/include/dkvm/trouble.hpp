#pragma once

#include <dkvm/context.hpp>
#include <dkvm/describe.hpp>
#include <dkvm/log.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace dkvm {

// What is wrong with a device that works on: its state is `degraded` with these words
// until it says that it is over. For what a person should see or mend, and what may pass
// by itself; what cannot is Context::finish().
// Life: the device's, on its thread
class Trouble {
 public:
  // Of words that change more often the newest go.
  static constexpr std::chrono::milliseconds kIntervalMin{100};

  Trouble() = default;
  Trouble(const Trouble&) = delete;
  Trouble& operator=(const Trouble&) = delete;

  // From Device::start() on; what was said before is told now.
  void begin(Context& context) {
    context_ = &context;
    tell();
  }

  // Other words are logged, too.
  void say(std::string what) {
    if (what == wanted_) return;
    if (!what.empty()) log_warning(what);
    wanted_ = std::move(what);
    tell();
  }
  void over() { say({}); }

  bool any() const { return !wanted_.empty(); }
  const std::string& words() const { return wanted_; }

 private:
  void tell() {
    if (context_ == nullptr || waiting_ || wanted_ == told_) return;
    waiting_ = true;
    const auto asked = context_->call(
        "kernel", "devices.trouble", "{\"reason\":" + detail::json_string(wanted_) + "}",
        [this](const Answer&) { context_->after(kIntervalMin, [this] { go_on(); }); });
    if (asked) {
      told_ = wanted_;
      return;
    }
    told_.reset();  // it is tried again, also when it is over by then
    context_->after(kIntervalMin, [this] { go_on(); });
  }
  void go_on() {
    waiting_ = false;
    tell();
  }

  Context* context_ = nullptr;
  bool waiting_ = false;  // for the answer, and the interval after it
  std::string wanted_;
  std::optional<std::string> told_ = std::string();  // none: nobody knows
};

}  // namespace dkvm
