#include "devices/x11/display/desktop.hpp"
#include "devices/x11/display/sink_settings.hpp"
#include "devices/x11/display/view.hpp"
#include "devices/x11/display/window.hpp"
#include "devices/x11/display/window_cursor.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/trouble.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dkvm::x11 {
namespace {

// A window on an X server that shows the pictures of a far screen: only what is new
// is put on it, and the newest wins.
class X11DisplaySink final : public Device {
 public:
  X11DisplaySink()
      : Device("x11-display-sink", "Shows pictures in a window of an X server"),
        screen_(sink<DisplayFrame, DisplayMode, Cursor>(
            {.name = "screen", .help = "the pictures, and the pointer on them"})) {
    Connection::declare(*this);
    SinkSettings::declare(*this);
    screen_.on<DisplayFrame>(
        [this](const auto& frame, const auto& info) { on_frame(frame, info); });
    screen_.on<DisplayMode>([this](const auto& mode, const auto&) { on_mode(mode); });
    screen_.on<Cursor>([this](const auto& cursor, const auto& info) { on_cursor(cursor, info); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    trouble_.begin(context);
    DKVM_TRY(settings_, SinkSettings::read(context.config()));
    DKVM_TRY(desktop_, Desktop::open(context.config()));
    DKVM_CHECK(ShmSegment::check_server(*desktop_));
    DKVM_TRY(const Rect area, desktop_->area_of(settings_.monitor));
    const std::string title = settings_.title.empty() ? context.name() : settings_.title;
    window_.emplace(*desktop_, Window::Options{.title = title,
                                               .area = area,
                                               .size = settings_.first_size(),
                                               .fullscreen = settings_.fullscreen});
    view_.emplace(*desktop_, *window_, settings_.scale);
    if (settings_.cursor == SinkSettings::Pointer::local) {
      own_cursor_.emplace(desktop_->server(), window_->id());
      DKVM_CHECK(own_cursor_->start(*desktop_));
    }
    // The kernel has asked the source for a whole picture already.
    return desktop_->carry(context, [this] { pump(); });
  }

 private:
  // What was asked for is not asked for again so soon.
  static constexpr std::uint64_t kAskAgainNs = 250'000'000;

  // --- what comes -----------------------------------------------------------------

  void on_frame(const DisplayFrame& frame, const EventInfo& info) {
    if (ended_) return;
    const auto picture = Picture::of(frame, info.bytes());
    if (!picture) {
      if (ask(wire::RefreshWhat::frame))
        log_warning("a frame that is no picture: " + picture.error().message());
      return;
    }
    const auto taken = view_->take(*picture);
    if (!taken) return give_up(taken.error());
    if (!*taken) ask(wire::RefreshWhat::frame);
  }

  void on_mode(const DisplayMode& mode) {
    const Size size{mode.width, mode.height};
    if (!settings_.as_large_as_the_picture() || size == mode_ ||
        is_empty({0, 0, size.width, size.height}))
      return;
    mode_ = size;
    const auto area = desktop_->area_of(settings_.monitor);
    if (area)
      window_->resize({std::min(size.width, area->width()), std::min(size.height, area->height())});
  }

  void on_cursor(const Cursor& cursor, const EventInfo& info) {
    if (ended_ || settings_.cursor == SinkSettings::Pointer::none) return;
    const bool known = own_cursor_ ? own_cursor_->take(cursor, info.bytes())
                                   : view_->cursor().take(cursor, info.bytes());
    if (!own_cursor_) view_->cursor_changed();
    if (!known) ask(wire::RefreshWhat::cursor);
  }

  // False when it was asked for a moment ago.
  bool ask(wire::RefreshWhat what) {
    std::uint64_t& asked_ns =
        what == wire::RefreshWhat::cursor ? asked_cursor_ns_ : asked_frame_ns_;
    const std::uint64_t now = now_ns();
    if (asked_ns != 0 && now - asked_ns < kAskAgainNs) return false;
    asked_ns = now;
    Refresh refresh;
    refresh.what = what;
    [[maybe_unused]] const auto sent = screen_.send_upstream(refresh);
    return true;
  }

  // --- what the server says -------------------------------------------------------

  void pump() {
    if (ended_) return;
    for (bool more = true; more && !ended_;) {
      const bool shown = view_->poll();
      more = shown;
      while (const auto event = desktop_->next_event()) {
        handle(*event);
        more = true;
      }
      judge(shown);
      settle_size();
      view_->show();
      xcb_flush(desktop_->server());
    }
    if (const auto alive = desktop_->check(); !alive) give_up(alive.error());
  }

  // What it refused of the last that was shown came before its answer.
  void judge(bool shown) {
    if (const auto refusal = desktop_->take_refusal()) return trouble_.say(*refusal);
    if (shown) trouble_.over();
  }

  void handle(const xcb_generic_event_t& event) {
    if (desktop_->takes_change(event)) return on_desktop_changed();
    switch (window_->take(event)) {
      case Window::Happened::nothing: return;
      case Window::Happened::exposed:
        if (!view_->on_exposed(window_->exposed())) ask(wire::RefreshWhat::frame);
        return;
      case Window::Happened::resized: resized_ = true; return;
      case Window::Happened::closed: return on_closed();
    }
  }

  // A border that is dragged says so hundreds of times; the picture follows the last.
  void settle_size() {
    if (ended_ || !std::exchange(resized_, false)) return;
    if (const auto placed = view_->on_resized(); !placed) give_up(placed.error());
  }

  // Fullscreen stays on its monitor.
  void on_desktop_changed() {
    const auto area = desktop_->area_of(settings_.monitor);
    if (!area) return give_up(area.error());
    if (settings_.fullscreen) window_->move_to(*area);
  }

  // By the user: that is an end, and no failure.
  void on_closed() {
    if (std::exchange(ended_, true)) return;
    log_info("the window was closed");
    context_->finish(0);
  }

  void give_up(const Error& error) {
    if (std::exchange(ended_, true)) return;
    context_->finish(error);
  }

  InPort& screen_;
  Context* context_ = nullptr;
  SinkSettings settings_;
  std::unique_ptr<Desktop> desktop_;
  std::optional<Window> window_;
  std::optional<View> view_;
  std::optional<WindowCursor> own_cursor_;
  Trouble trouble_;
  Size mode_;
  std::uint64_t asked_frame_ns_ = 0;
  std::uint64_t asked_cursor_ns_ = 0;
  bool resized_ = false;
  bool ended_ = false;
};

}  // namespace
}  // namespace dkvm::x11

int main(int argc, char** argv) { return dkvm::device_main<dkvm::x11::X11DisplaySink>(argc, argv); }
