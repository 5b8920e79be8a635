// The foot switch of ../pedal-cpp in a program that lives on GLib's main loop:
// GLib watches the pedals, and the device's one descriptor beside them.
#include <glib-unix.h>
#include <glib.h>
#include <dkvm/codes.hpp>
#include <dkvm/device_main.hpp>
#include <dkvm/fd.hpp>

namespace {

constexpr std::uint16_t kFirstPedal = *dkvm::code_from_name("KEY_F13");

class Pedal final : public dkvm::KeyboardSource {
 public:
  Pedal() : KeyboardSource("acme-pedal-glib", "A foot switch, on GLib's main loop") {
    option({.name = "path", .type = dkvm::ValueType::path, .help = "its port", .required = true});
  }

  dkvm::Result<> start(dkvm::Context& context) override {
    context_ = &context;
    DKVM_TRY(const std::string path, context.config().text("path"));
    DKVM_TRY(port_, dkvm::open_nonblocking(path));
    g_unix_fd_add(port_.get(), G_IO_IN, on_byte, this);
    return {};
  }

 private:
  static gboolean on_byte(gint port, GIOCondition, gpointer self) {
    auto& pedal = *static_cast<Pedal*>(self);
    unsigned char now = 0;
    if (read(port, &now, 1) != 1) {
      pedal.context_->finish(dkvm::Error(dkvm::Errc::disconnected, "the pedals are gone"));
      return G_SOURCE_REMOVE;
    }
    for (std::uint16_t i = 0; i < 3; ++i)
      if ((now ^ pedal.down_) >> i & 1)
        pedal.keyboard.emit(dkvm::key(static_cast<std::uint16_t>(kFirstPedal + i), now >> i & 1));
    pedal.down_ = now;
    return G_SOURCE_CONTINUE;
  }

  dkvm::Context* context_ = nullptr;
  dkvm::Fd port_;
  unsigned char down_ = 0;
};

struct Carried {
  dkvm::Context& context;
  GMainLoop* loop;
};

gboolean on_ready(gint, GIOCondition, gpointer data) {
  auto& carried = *static_cast<Carried*>(data);
  carried.context.dispatch();
  if (!carried.context.finished()) return G_SOURCE_CONTINUE;
  g_main_loop_quit(carried.loop);
  return G_SOURCE_REMOVE;
}

void run_on_glib(dkvm::Context& context) {
  Carried carried{context, g_main_loop_new(nullptr, FALSE)};
  g_unix_fd_add(context.fd(), G_IO_IN, on_ready, &carried);
  g_main_loop_run(carried.loop);
  g_main_loop_unref(carried.loop);
}

}  // namespace

int main(int argc, char** argv) {
  Pedal pedal;
  return dkvm::device_main(pedal, argc, argv, run_on_glib);
}
