#include "devices/media/growing_pool.hpp"
#include "devices/x11/display/cursor_watch.hpp"
#include "devices/x11/display/desktop.hpp"
#include "devices/x11/display/owed.hpp"
#include "devices/x11/display/picture_pace.hpp"
#include "devices/x11/display/screen_grab.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/trouble.hpp>

#include <xcb/damage.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dkvm::x11 {
namespace {

// Shows an X screen as it changes. The server tells of damage; what is damaged is
// then written by the server itself into a slot, and sent as a partial picture. A
// screen on which nothing changes costs nothing.
class X11DisplaySource final : public Device {
 public:
  X11DisplaySource()
      : Device("x11-display-source", "Shows the screen of an X server, or one of its monitors"),
        screen_(source<DisplayFrame, DisplayMode, Cursor>(
            {.name = "screen", .help = "what changes on it, and the pointer", .live = true})) {
    Connection::declare(*this);
    option({.name = "monitor",
            .help = "by its name in xrandr --listmonitors; without it all of the desktop"});
    option({.name = "fps",
            .type = ValueType::number,
            .fallback = "60",
            .help = "pictures/s at most; what changes sooner comes with the next one",
            .min = 0.1,
            .max = 1000});
    option({.name = "cursor",
            .type = ValueType::boolean,
            .fallback = "true",
            .help = "tell of the pointer's shape and place; it is never in the picture"});
  }

  Result<> start(Context& context) override {
    context_ = &context;
    trouble_.begin(context);
    DKVM_CHECK(read(context.config()));
    DKVM_TRY(desktop_, Desktop::open(context.config()));
    DKVM_CHECK(ShmSegment::check_server(*desktop_));
    DKVM_TRY(area_, desktop_->area_of(monitor_));
    DKVM_CHECK(watch_damage());
    grab_.emplace(server(), desktop_->root());
    if (cursor_wanted_) {
      cursor_.emplace(server(), desktop_->root(), context);
      DKVM_CHECK(cursor_->start(*desktop_));
    }
    screen_.on_slots([this] { step(); });
    screen_.on_upstream<Refresh>([this](const Refresh& refresh) { answer(refresh); });
    screen_.on_pool_refused([this](const Error& error) { on_refused(error); });
    DKVM_CHECK(begin_mode());
    return desktop_->carry(context, [this] { pump(); });
  }

 private:
  static constexpr std::uint64_t kBacklogWaitNs = 10'000'000;
  // One that the server refuses so often in a row is no matter of a new size any more:
  // it gets other memory to write to, each kTroubleWaitNs.
  static constexpr unsigned kRefusedMax = 10;
  static constexpr std::uint64_t kTroubleWaitNs = 1'000'000'000;

  xcb_connection_t* server() const { return desktop_->server(); }

  Result<> read(const ConfigReader& config) {
    monitor_ = config.find("monitor").value_or("");
    DKVM_TRY(fps_, config.number("fps"));
    pace_ = PicturePace(static_cast<std::uint64_t>(1e9 / fps_));
    DKVM_TRY(cursor_wanted_, config.flag("cursor"));
    return {};
  }

  // Told as a box that grows, until it is subtracted: few events, however much is drawn.
  Result<> watch_damage() {
    DKVM_TRY(const auto extension, desktop_->extension("DAMAGE"));
    damage_event_ = static_cast<unsigned>(extension.event_first + XCB_DAMAGE_NOTIFY);
    const ReplyOf<xcb_damage_query_version_reply_t> version(xcb_damage_query_version_reply(
        server(), xcb_damage_query_version(server(), 1, 1), nullptr));
    DKVM_CHECK(desktop_->check());
    damage_ = xcb_generate_id(server());
    xcb_damage_create(server(), damage_, desktop_->root(), XCB_DAMAGE_REPORT_LEVEL_BOUNDING_BOX);
    return {};
  }

  // --- modes ----------------------------------------------------------------------

  // Slots of the right size come some time later; all of the screen goes with the first.
  Result<> begin_mode() {
    ++epoch_;
    owed_.clear();
    owed_.add_all(now_ns());
    DKVM_CHECK(fit_pool());
    return screen_.emit(mode());
  }

  Result<> fit_pool() {
    const std::size_t picture = std::size_t{area_.width()} * area_.height() * 4;
    return pool_.fit({.slot_bytes = std::max(picture, CursorWatch::kImageBytesMax),
                      .attach = [this](const PoolView& pool) { return grab_->attach(pool); },
                      .detach = [this](const PoolView& pool) { grab_->detach(pool); }});
  }

  DisplayMode mode() const {
    DisplayMode mode;
    mode.epoch = epoch_;
    mode.width = area_.width();
    mode.height = area_.height();
    mode.refresh_mhz = static_cast<std::uint32_t>(std::lround(fps_ * 1000));
    mode.fourcc = kXR24;
    return mode;
  }

  void on_desktop_changed() {
    const auto area = desktop_->area_of(monitor_);
    if (!area) return give_up(area.error());
    if (same(*area, area_)) return;
    log_info("the screen is now " + std::to_string(area->width()) + "x" +
             std::to_string(area->height()));
    area_ = *area;
    if (const auto begun = begin_mode(); !begun) give_up(begun.error());
  }

  // A screen may become smaller again, so this is no reason to be parked.
  void on_refused(const Error& error) {
    give_up(Error(Errc::exhausted, "no shared memory for pictures of " +
                                       std::to_string(area_.width()) + "x" +
                                       std::to_string(area_.height()) + ": " + error.message()));
  }

  void give_up(const Error& error) {
    if (std::exchange(ended_, true)) return;
    context_->finish(error);
  }

  // --- what the server says -------------------------------------------------------

  void pump() {
    if (ended_) return;
    for (bool more = true; more && !ended_;) {
      more = false;
      while (const auto event = desktop_->next_event()) {
        handle(*event);
        more = true;
      }
      if (auto outcome = grab_->poll()) {
        taken(std::move(*outcome));
        more = true;
      }
      if (cursor_ && cursor_->poll()) more = true;
    }
    if (const auto alive = desktop_->check(); !alive) return give_up(alive.error());
    if (const auto refusal = desktop_->take_refusal()) trouble_.say(*refusal);
    step();
    xcb_flush(server());
  }

  void handle(const xcb_generic_event_t& event) {
    if ((event.response_type & 0x7Fu) == damage_event_) {
      const auto& notify = reinterpret_cast<const xcb_damage_notify_event_t&>(event);
      const xcb_rectangle_t& box = notify.area;
      box_told_ = true;
      owed_.add(part_within(area_, box.x, box.y, box.width, box.height), now_ns());
    } else if (cursor_ && cursor_->handle(event)) {
      // it asks, and poll() tells
    } else if (desktop_->takes_change(event)) {
      on_desktop_changed();
    }
  }

  // --- what is sent ---------------------------------------------------------------

  // Sends what can be sent now; whatever it waits for comes back here.
  void step() {
    if (ended_) return;
    tell_cursor();
    if (grab_->busy() || !(owed_.any() || box_told_)) return;
    const std::uint64_t now = now_ns();
    if (now < pace_.due_ns()) return wait_until(pace_.due_ns());
    if (!owed_.any()) return begin_box(now);  // it was on another monitor
    auto slot = pool_.borrow();
    if (!slot) return;  // on_slots() comes
    capture_ns_ = owed_.since_ns();
    taken_epoch_ = epoch_;
    begin_box(now);
    grab_->begin({std::move(*slot), owed_.whole() ? area_ : owed_.damage()});
    if (cursor_) cursor_->look();
    owed_.clear();
    xcb_flush(server());
  }

  // From here on damage is new damage. What was told and not read yet comes again.
  void begin_box(std::uint64_t now) {
    xcb_damage_subtract(server(), damage_, XCB_NONE, XCB_NONE);
    xcb_flush(server());
    box_told_ = false;
    pace_.taken(now);
  }

  void wait_until(std::uint64_t time_ns) {
    if (timer_ != 0) return;
    timer_ = context_->at(time_ns, [this] {
      timer_ = 0;
      step();
    });
  }

  void taken(ScreenGrab::Outcome outcome) {
    const Rect area = outcome.part.area;
    if (taken_epoch_ != epoch_) return;  // all of the screen is owed since
    if (outcome.refused) return on_not_taken(*outcome.refused);
    const bool whole = same(area, area_);
    DisplayFrame frame;
    frame.epoch = epoch_;
    frame.width = area_.width();
    frame.height = area_.height();
    frame.stride = area.width() * 4;
    frame.fourcc = kXR24;
    frame.damage = {area.x() - area_.x(), area.y() - area_.y(), area.width(), area.height()};
    frame.partial = !whole;
    const auto sent =
        screen_.publish(std::move(outcome.part.slot), std::size_t{frame.stride} * area.height(),
                        frame, capture_ns_, whole ? std::uint16_t{0} : kFlagDelta);
    if (sent) return on_well();
    if (sent.error().code() == Errc::disconnected) return give_up(sent.error());
    take_again();
  }

  void on_well() {
    refused_ = 0;
    if (const auto refusal = desktop_->take_refusal()) return trouble_.say(*refusal);
    trouble_.over();
  }

  void on_not_taken(const xcb_generic_error_t& error) {
    take_again();
    if (++refused_ < kRefusedMax) return;
    trouble_.say(desktop_->words_of(error));
    refused_ = 0;
    pace_.hold_until(now_ns() + kTroubleWaitNs);
    pool_.forget();
    if (const auto asked = fit_pool(); !asked) give_up(asked.error());
  }

  // The screen has shrunk (its event is on the way), the pool was replaced meanwhile,
  // or the kernel does not read just now.
  void take_again() {
    owed_.add_all(now_ns());
    pace_.hold_until(now_ns() + kBacklogWaitNs);
  }

  void answer(const Refresh& refresh) {
    if (refresh.what == wire::RefreshWhat::display_mode) {
      if (const auto sent = screen_.emit(mode()); !sent) log_warning(sent.error().message());
    }
    if (refresh.what == wire::RefreshWhat::cursor) shape_owed_ = place_owed_ = true;
    if (refresh.what == wire::RefreshWhat::frame) owed_.add_all(now_ns());
  }

  // --- the pointer ----------------------------------------------------------------

  void tell_cursor() {
    if (!cursor_) return;
    shape_owed_ |= cursor_->take_new_shape();
    place_owed_ |= cursor_->take_moved();
    if (shape_owed_ && !cursor_->image().empty()) return tell_shape();
    if (!std::exchange(place_owed_, false)) return;
    [[maybe_unused]] const auto sent = screen_.emit(cursor_here());  // the next one may be
  }

  // Without a slot it waits for one, before the next picture.
  void tell_shape() {
    auto slot = pool_.borrow();
    if (!slot) return;
    const auto pixels = std::as_bytes(std::span(cursor_->image()));
    std::copy(pixels.begin(), pixels.end(), slot->bytes().begin());
    if (screen_.publish(std::move(*slot), pixels.size(), cursor_here()))
      shape_owed_ = place_owed_ = false;
  }

  // In pixels of the picture.
  Cursor cursor_here() const {
    Cursor cursor = cursor_->cursor();
    cursor.x -= static_cast<std::int32_t>(area_.x());
    cursor.y -= static_cast<std::int32_t>(area_.y());
    cursor.visible = cursor.x >= 0 && cursor.y >= 0 && cursor.x < std::int64_t{area_.width()} &&
                     cursor.y < std::int64_t{area_.height()};
    return cursor;
  }

  OutPort& screen_;
  Context* context_ = nullptr;
  std::string monitor_;
  double fps_ = 60;
  bool cursor_wanted_ = true;

  std::unique_ptr<Desktop> desktop_;
  std::optional<ScreenGrab> grab_;
  std::optional<CursorWatch> cursor_;
  xcb_damage_damage_t damage_ = 0;
  unsigned damage_event_ = 0;
  bool box_told_ = false;  // it has begun to grow
  bool ended_ = false;

  Rect area_{};  // of the root window, that is shown
  std::uint32_t epoch_ = 0;
  Owed owed_;
  Context::Timer timer_ = 0;
  PicturePace pace_;

  // Of the part that the server is taking.
  std::uint64_t capture_ns_ = 0;
  std::uint32_t taken_epoch_ = 0;

  bool shape_owed_ = false;
  bool place_owed_ = false;
  media::GrowingPool pool_{screen_};
  Trouble trouble_;
  unsigned refused_ = 0;  // pictures in a row that the server did not take
};

}  // namespace
}  // namespace dkvm::x11

int main(int argc, char** argv) {
  return dkvm::device_main<dkvm::x11::X11DisplaySource>(argc, argv);
}
