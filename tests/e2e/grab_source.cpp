#include "tests/e2e/commands.hpp"

#include <dkvm/device_main.hpp>

#include <fstream>
#include <sstream>
#include <string>

// A keyboard and mouse whose input can be taken from its own machine, which is a file: a
// line for each thing that happens to it. It does what it is told, a line a command:
//
//   down KEY_A · up KEY_A · down BTN_LEFT · move X Y · geometry W H
//   push AT · leave           the pointer at the first watched edge
//   refuse REASON · allow     what it answers to a grab; silent: nothing
//   panic                     gives its input back
namespace {

using namespace dkvm;

class GrabSource final : public Device {
 public:
  GrabSource() : Device("grab-source", "Gives its input away and takes it back") {
    test::Commands::declare(*this);
    option({.name = "log", .type = ValueType::path, .help = "what happened", .required = true});
  }

  Result<> start(Context& context) override {
    DKVM_TRY(const std::string log, context.config().text("log"));
    log_.open(log, std::ios::app);
    note("start");
    keyboard_.on_upstream<Grab>([&](const Grab& grab) { take(context, grab); });
    return commands_.begin(context,
                           [this](const auto& verb, auto& words) { return run(verb, words); });
  }

 private:
  void take(Context& context, const Grab& grab) {
    switch (grab.action) {
      case wire::GrabAction::prepare:
        prepared_ = grab.epoch;
        note("prepare chords=" + std::to_string(grab.chords.size()) +
             " edges=" + std::to_string(grab.edges.size()));
        return answer(grab.epoch, true, "");
      case wire::GrabAction::grab:
        note("grab");
        if (silent_) return;
        if (!refusal_.empty()) return answer(grab.epoch, false, refusal_);
        epoch_ = grab.epoch;
        lease(context, grab);
        return answer(epoch_, true, "");
      case wire::GrabAction::renew:
        if (grab.epoch == epoch_) lease(context, grab);
        return;
      case wire::GrabAction::release:
        if (grab.epoch != epoch_) return;
        epoch_ = 0;
        note("release" + (grab.warp ? " " + std::to_string(grab.x) + " " + std::to_string(grab.y)
                                    : std::string()));
    }
  }

  void lease(Context& context, const Grab& grab) {
    if (timer_set_) context.cancel_timer(timer_);
    timer_set_ = true;
    timer_ = context.after(std::chrono::milliseconds(grab.lease_ms), [this] {
      timer_set_ = false;
      if (epoch_ == 0) return;
      note("lease ran out");
      give_back("the lease ran out");
    });
  }

  void give_back(const std::string& reason) { answer(std::exchange(epoch_, 0), false, reason); }

  void answer(std::uint32_t epoch, bool granted, const std::string& reason) {
    Grabbed answer;
    answer.epoch = epoch;
    answer.granted = granted;
    answer.reason = reason;
    test::sent(keyboard_.emit(answer));
  }

  bool run(const std::string& verb, std::istringstream& words) {
    if (test::play(verb, words, keyboard_, mouse_)) return true;
    if (verb == "geometry") {
      Geometry geometry;
      auto monitor = std::make_unique<wire::MonitorT>();
      words >> monitor->width >> monitor->height;
      geometry.monitors.push_back(std::move(monitor));
      test::sent(keyboard_.emit(geometry));
    } else if (verb == "push" || verb == "leave") {
      EdgePush push;
      push.epoch = prepared_;
      push.pushing = verb == "push";
      words >> push.at;
      test::sent(keyboard_.emit(push));
    } else if (verb == "refuse") {
      words >> refusal_;
    } else if (verb == "allow") {
      refusal_.clear();
      silent_ = false;
    } else if (verb == "silent") {
      silent_ = true;
    } else if (verb == "panic") {
      note("panic");
      give_back("panic chord");
    } else {
      return false;
    }
    return true;
  }

  void note(const std::string& text) { log_ << text << '\n' << std::flush; }

  OutPort& keyboard_ =
      source<Key, InputState, Grabbed, Geometry, EdgePush>({.name = "keyboard", .live = true});
  OutPort& mouse_ =
      source<PointerMotion, PointerButton, PointerScroll>({.name = "mouse", .live = true});
  test::Commands commands_;
  std::ofstream log_;
  std::uint32_t prepared_ = 0;
  std::uint32_t epoch_ = 0;  // of what it has given; 0: nothing
  std::string refusal_;
  bool silent_ = false;
  Context::Timer timer_{};
  bool timer_set_ = false;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<GrabSource>(argc, argv); }
