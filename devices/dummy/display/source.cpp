#include "devices/dummy/display/settings.hpp"
#include "devices/dummy/pace.hpp"
#include "devices/dummy/random.hpp"
#include "devices/dummy/report.hpp"
#include "devices/media/crc32.hpp"

#include <dkvm/device_main.hpp>

#include <cmath>
#include <utility>

namespace {

using namespace dkvm;

// Draws one picture after the other on a canvas of its own and sends what is new
// of it, in a slot each. What it cannot send for want of a slot it sends with the
// next one: a picture on the wire may be several drawn ones.
class DummyDisplaySource final : public Device {
 public:
  DummyDisplaySource()
      : Device("dummy-display-source", "Shows a test pattern, noise, or the pictures of a file"),
        screen_(source<DisplayFrame, DisplayMode>({.name = "screen", .help = "the pictures"})) {
    dummy::DisplaySettings::declare(*this);
  }

  Result<> start(Context& context) override {
    context_ = &context;
    DKVM_TRY(settings_, dummy::DisplaySettings::read(context.config()));
    DKVM_CHECK(settings_.settle());
    pace_ = dummy::Pace(settings_.fps);
    screen_.on_resume([this] { go_on(); });
    screen_.on_slots([this] { go_on(); });
    screen_.on_upstream<Refresh>([this](const Refresh& refresh) { answer(refresh); });
    DKVM_CHECK(
        screen_.open_pool({.slot_bytes = settings_.picture_bytes(), .slots = settings_.slots}));
    DKVM_CHECK(screen_.emit(mode()));
    started_ = true;
    return {};  // the first slots set it going
  }

  void stop(Context&) override { report(); }

 private:
  static constexpr std::uint32_t kEpoch = 1;  // the mode never changes
  // A whole picture that is asked for comes with the next one, or at once when
  // there is none so soon.
  static constexpr std::uint64_t kSoonNs = 100'000'000;
  static constexpr std::uint64_t kBacklogWaitNs = 10'000'000;
  // So late it makes up for nothing: the machine slept, or it was stopped.
  static constexpr std::uint64_t kStallNs = 100'000'000;

  DisplayMode mode() const {
    DisplayMode mode;
    mode.epoch = kEpoch;
    mode.width = settings_.width;
    mode.height = settings_.height;
    mode.refresh_mhz = static_cast<std::uint32_t>(std::lround(settings_.fps * 1000));
    mode.fourcc = settings_.fourcc;
    return mode;
  }

  // Draws and sends what is due, then waits: for the next to be due, a slot, a resume.
  void step() {
    timer_ = 0;
    if (ended_ || screen_.paused()) return;
    if (last_drawn()) return end();
    const std::uint64_t due = pace_.due_ns(next_);
    const std::uint64_t now = now_ns();
    if (due > now) return wait_until(due);
    if (now - due > kStallNs) pace_.begin(next_, now);
    if (!has_slot() && settings_.waits) return;
    if (!draw()) return;
    if (has_slot()) send();
    if (ended_) return;
    if (last_drawn()) return end();
    if (!pace_.free_running()) return wait_until(pace_.due_ns(next_));
    context_->on_idle([this] {
      step();
      return false;
    });
  }

  // All that takes memory comes here, when the kernel has granted the slots: not
  // for a picture that is larger than it allows.
  bool set_up() {
    if (painter_) return true;
    if (!has_slot()) return false;
    canvas_ = media::Canvas(settings_.width, settings_.height, settings_.fourcc);
    painter_ = settings_.make_painter(canvas_);
    return true;
  }

  void give_up(const Error& error) {
    ended_ = true;
    context_->finish(error);
  }

  void wait_until(std::uint64_t time_ns) {
    if (timer_ != 0) context_->cancel_timer(timer_);
    timer_ = context_->at(time_ns, [this] { step(); });
  }

  // There may be a slot again, or the port goes on.
  void go_on() {
    if (ended_ || screen_.paused() || !set_up()) return;
    if (owes_ && has_slot()) send();
    if (last_drawn()) return end();
    if (timer_ != 0) return;
    if (pace_.due_ns(next_) < now_ns()) pace_.begin(next_, now_ns());  // makes up for nothing
    step();
  }

  bool last_drawn() const {
    return file_ended_ || (settings_.pictures != 0 && next_ > settings_.pictures);
  }

  // False when there is nothing more to draw, or it failed.
  bool draw() {
    const bool may_be_partial = next_ != 1 && next_ != settings_.pictures;
    const bool partial =
        may_be_partial && dummy::SeededRandom(settings_.seed, ~next_).share() < settings_.partial;
    const std::uint64_t now = now_ns();
    const auto drawn = painter_->draw(next_, partial);
    if (!drawn) {
      give_up(drawn.error());
      return false;
    }
    if (!*drawn) {
      file_ended_ = true;
      end();
      return false;
    }
    capture_ns_ = now;
    damage_ = unite(damage_, **drawn);
    whole_ = whole_ || !partial;
    owes_ = true;
    ++drawn_;
    ++next_;
    return true;
  }

  // The last picture on every screen is a whole one: nobody is left to ask then.
  void end() {
    if (!owes_ && !whole_was_last_) owe_all();
    if (owes_ && has_slot()) send();
    if (owes_) return;  // go_on() comes back to this
    ended_ = true;
    report();
    context_->finish(0);
  }

  // What was drawn last is to be sent whole, once more.
  void owe_all() {
    owes_ = whole_ = true;
    capture_ns_ = now_ns();
  }

  bool has_slot() {
    if (slot_) return true;
    if (auto slot = screen_.borrow()) slot_ = std::move(*slot);
    return static_cast<bool>(slot_);
  }

  void send() {
    const bool whole = whole_;
    DisplayFrame frame;
    frame.epoch = kEpoch;
    frame.width = canvas_.width();
    frame.height = canvas_.height();
    frame.fourcc = canvas_.fourcc();
    frame.damage = whole ? canvas_.area() : damage_;
    frame.partial = !whole;
    frame.stride = frame.damage.width() * canvas_.pixel_bytes();
    painter_->sign(frame.damage, drawn_, capture_ns_);
    canvas_.copy_to(frame.damage, slot_.bytes());
    const std::size_t bytes = std::size_t{frame.stride} * frame.damage.height();
    const auto sent = screen_.publish(std::exchange(slot_, {}), bytes, frame, capture_ns_,
                                      whole ? std::uint16_t{0} : kFlagDelta);
    if (!sent && sent.error().code() == Errc::overloaded)
      return wait_until(now_ns() + kBacklogWaitNs);
    if (!sent) return give_up(sent.error());
    ++(whole ? whole_sent_ : partial_sent_);
    if (drawn_ > sent_number_) merged_ += drawn_ - sent_number_ - 1;
    sent_number_ = drawn_;
    whole_was_last_ = whole;
    owes_ = whole_ = false;
    damage_ = {};
  }

  void answer(const Refresh& refresh) {
    if (ended_) return;
    if (refresh.what == wire::RefreshWhat::display_mode) {
      if (const auto sent = screen_.emit(mode()); !sent) log_warning(sent.error().message());
    }
    if (refresh.what != wire::RefreshWhat::frame || drawn_ == 0) return;
    whole_ = true;
    if (!last_drawn() && pace_.due_ns(next_) < now_ns() + kSoonNs) return;
    owe_all();
    go_on();
  }

  // Once, and before the status of its end is settled.
  void report() {
    if (!started_ || settings_.report.empty() || std::exchange(reported_, true)) return;
    const auto written = dummy::write_report(
        settings_.report, {{"drawn", drawn_},
                           {"sent", whole_sent_ + partial_sent_},
                           {"whole", whole_sent_},
                           {"partial", partial_sent_},
                           {"merged", merged_},
                           {"exhausted", screen_.exhausted()},
                           {"width", std::uint64_t{settings_.width}},
                           {"height", std::uint64_t{settings_.height}},
                           {"format", fourcc_name(settings_.fourcc)},
                           {"crc32", std::uint64_t{media::crc32(std::as_const(canvas_).bytes())}}});
    if (written) return;
    context_->finish(1);  // not what parks a device: its next run may end well
    context_->finish(written.error());
  }

  OutPort& screen_;
  Context* context_ = nullptr;
  dummy::DisplaySettings settings_;
  media::Canvas canvas_;
  std::unique_ptr<dummy::Painter> painter_;
  dummy::Pace pace_{0};
  Context::Timer timer_ = 0;
  Slot slot_;  // in hand for the next picture

  std::uint64_t next_ = 1;  // number of the picture that is drawn next
  bool started_ = false;
  bool reported_ = false;
  bool file_ended_ = false;
  bool ended_ = false;

  // What was drawn and not sent.
  bool owes_ = false;
  bool whole_ = false;  // all of it: so it was drawn, or somebody asked
  Rect damage_{};
  std::uint64_t capture_ns_ = 0;
  bool whole_was_last_ = false;

  std::uint64_t drawn_ = 0;        // number of the picture that was drawn last
  std::uint64_t sent_number_ = 0;  // and of the one that was sent last
  std::uint64_t whole_sent_ = 0;
  std::uint64_t partial_sent_ = 0;
  std::uint64_t merged_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<DummyDisplaySource>(argc, argv); }
