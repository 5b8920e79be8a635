#include "tools/bench/desk/painter.hpp"

#include "tools/bench/desk/x_screen.hpp"
#include "tools/bench/harness/interrupt.hpp"
#include "tools/bench/harness/pacer.hpp"

#include <dkvm/time.hpp>

#include <random>

namespace dkvm::bench {
namespace {

constexpr unsigned kMarkWidth = 200;
constexpr unsigned kMarkHeight = 100;
constexpr unsigned kFlagSide = 64;
constexpr unsigned long kLight = 0xe0e0e0;
constexpr unsigned long kDark = 0x202020;
constexpr int kRowHeight = 16;
constexpr int kStep = 4;  // pixels that a page moves in a frame
constexpr int kGlyphWidth = 8;

}  // namespace

Result<Painter> Painter::at(const std::string& display) {
  DKVM_TRY(xlab::XConnection connection, xlab::connect_x(display));
  Display* x = connection.get();
  XSetWindowAttributes attributes{};
  attributes.override_redirect = True;
  attributes.background_pixel = kDark;
  const Window window =
      XCreateWindow(x, XDefaultRootWindow(x), 0, 0, kScreenWidth, kScreenHeight, 0, CopyFromParent,
                    InputOutput, nullptr, CWOverrideRedirect | CWBackPixel, &attributes);
  const Pixmap page = XCreatePixmap(x, window, kScreenWidth, 2 * kScreenHeight,
                                    static_cast<unsigned>(XDefaultDepth(x, XDefaultScreen(x))));
  XMapRaised(x, window);
  Painter painter(std::move(connection), window, page, XCreateGC(x, window, 0, nullptr));
  painter.draw_page();
  XSync(x, False);
  return painter;
}

// Rows of words: what a codec meets on a desktop.
void Painter::draw_page() {
  Display* x = display_.get();
  XSetForeground(x, gc_, kLight);
  XFillRectangle(x, page_, gc_, 0, 0, kScreenWidth, 2 * kScreenHeight);
  XSetForeground(x, gc_, kDark);
  std::mt19937 random(7);  // the same page in every run
  const auto up_to = [&](unsigned most) { return static_cast<int>(random() % (most + 1)); };
  for (int y = 0; y < 2 * static_cast<int>(kScreenHeight); y += kRowHeight)
    for (int column = 0; column < static_cast<int>(kScreenWidth); column += kGlyphWidth)
      if (up_to(5) != 0)
        XFillRectangle(x, page_, gc_, column + up_to(2), y + 3 + up_to(3),
                       static_cast<unsigned>(2 + up_to(3)), static_cast<unsigned>(4 + up_to(5)));
}

std::uint64_t Painter::mark(bool light) {
  XSetForeground(display_.get(), gc_, light ? kLight : kDark);
  const std::uint64_t time = now_ns();
  XFillRectangle(display_.get(), window_, gc_, kMarkX - static_cast<int>(kMarkWidth) / 2,
                 kMarkY - static_cast<int>(kMarkHeight) / 2, kMarkWidth, kMarkHeight);
  XFlush(display_.get());
  return time;
}

Result<> Painter::scroll(double hz, std::chrono::milliseconds duration) {
  Pacer pacer;
  pacer.start(hz);
  const std::uint64_t end =
      now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
  while (now_ns() < end) {
    DKVM_CHECK(wait_readable(pacer.fd(), duration));
    if (pacer.due() == 0) continue;
    offset_ = (offset_ + kStep) % static_cast<int>(kScreenHeight);
    XCopyArea(display_.get(), page_, window_, gc_, 0, offset_, kScreenWidth, kScreenHeight, 0, 0);
    flag(++frames_ % 2 == 0);
    XFlush(display_.get());
  }
  return {};
}

// Every frame is another than the one before, however the words on it fall.
void Painter::flag(bool light) {
  XSetForeground(display_.get(), gc_, light ? kLight : kDark);
  XFillRectangle(display_.get(), window_, gc_, kFlagX - static_cast<int>(kFlagSide) / 2,
                 kFlagY - static_cast<int>(kFlagSide) / 2, kFlagSide, kFlagSide);
}

void Painter::type_line() {
  XSetForeground(display_.get(), gc_, kLight);
  const int column = static_cast<int>(column_++ % (kScreenWidth / kGlyphWidth)) * kGlyphWidth;
  XFillRectangle(display_.get(), window_, gc_, column, kRowHeight, kGlyphWidth - 2, kRowHeight);
  XFlush(display_.get());
}

}  // namespace dkvm::bench
