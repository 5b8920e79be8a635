// A device that does with the SDK everything that a device can, on demand: the
// tests call its methods and see what reaches the kernel.
#include <dkvm/device_main.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace dkvm;

class Probe final : public Device {
 public:
  Probe() : Device("probe", "Echoes everything", "1.2.3") {
    in_ = &sink({.name = "in", .help = "what comes"}, topics());
    out_ = &source({.name = "out", .help = "what goes"}, topics());
    echo_events<Key, PointerMotion, PointerButton, PointerScroll, Touch, InputState, DisplayFrame,
                DisplayMode, Cursor, AudioFrame, MediaPacket, Clipboard, DeviceState>();
    in_->on_custom("acme/pedal", [this](const Custom& custom, const EventInfo& info) {
      const auto* data = reinterpret_cast<const std::byte*>(custom.data.data());
      check(out_->emit_custom("acme/pedal", {data, custom.data.size()}, info.capture_ns()));
    });
    echo_upstream<Refresh, Feedback, LockState, Geometry, Grab, InputState>();
    option({.name = "greeting", .fallback = "hello", .help = "what it says"});
    on_cleanup([](std::span<const std::uint16_t> codes) -> Result<> {
      for (const auto code : codes) std::printf("released %d\n", code);
      return codes.empty() ? Result<>(fail(Errc::invalid, "nothing to release")) : Result<>{};
    });
    open_ports_at_run_time();
  }

  Result<> start(Context& context) override {
    context_ = &context;
    serve_calls();
    serve_ports();
    log_info("started as " + context.name() + " of " + context.kernel());
    return {};
  }
  void let_go(Context&) override { done("let go"); }
  void stop(Context&) override { done("stop"); }

 private:
  static std::vector<std::string> topics() {
    return {"key",          "pointer_motion", "pointer_button", "pointer_scroll", "touch",
            "input_state",  "display_frame",  "display_mode",   "cursor",         "audio_frame",
            "media_packet", "clipboard",      "device_state",   "acme/pedal"};
  }

  // Logs it, and writes it where a test that closes the log may see it.
  static void done(const std::string& what) {
    log_info(what);
    if (const char* path = std::getenv("PROBE_DONE"))
      std::ofstream(path, std::ios::app) << what << '\n';
  }

  static void check(const Result<>& result) {
    if (!result) log_error(result.error().message());
  }

  template <class... Events>
  void echo_events() {
    (in_->on<Events>([this](const Events& event, const EventInfo& info) {
      check(out_->emit(event, info.capture_ns()));
    }),
     ...);
  }
  template <class... Messages>
  void echo_upstream() {
    (out_->on_upstream<Messages>(
         [this](const Messages& message) { check(in_->send_upstream(message)); }),
     ...);
  }

  void serve_calls() {
    context_->serve("echo", [](const Call& call, Reply reply) { reply(call.caller + call.body); });
    context_->serve("drop", [](const Call&, Reply) {});
    context_->serve("wait", [this](const Call&, Reply reply) {
      kept_ = std::make_unique<Reply>(std::move(reply));
      kept_->on_cancel([this] { (*kept_)(fail(Errc::timeout, "cancelled as you wished")); });
    });
    context_->serve("keep", [this](const Call&, Reply reply) { all_.push_back(std::move(reply)); });
    context_->serve("huge", [](const Call&, Reply reply) { reply(std::string(70'000, 'x')); });
    // Passes a call on to the kernel, and its answer back.
    context_->serve("ask", [this](const Call& call, Reply reply) {
      auto kept = std::make_shared<Reply>(std::move(reply));
      const auto asked = context_->call(
          "kernel", "kernel.info", call.body, [kept](const Answer& answer) { (*kept)(answer); },
          std::chrono::milliseconds(50));
      if (!asked) (*kept)(fail(asked.error()));
    });
    context_->serve("ask and wait", [this](const Call&, Reply) {
      check(context_
                ->call("kernel", "kernel.info", "{}",
                       [](const Answer& answer) {
                         log_info("answer: " + (answer ? *answer : answer.error().message()));
                       })
                .map([](std::uint64_t) {}));
    });
    context_->serve("ask and cancel", [this](const Call&, Reply) {
      const auto asked = context_->call("kernel", "kernel.info", "{}",
                                        [](const Answer&) { log_error("answered all the same"); });
      context_->cancel_call(*asked);
    });
    context_->serve("flood", [this](const Call&, Reply reply) {
      for (int made = 0;; ++made) {
        const auto asked = context_->call("kernel", "kernel.info", "{}", {});
        if (!asked) return reply(std::to_string(made) + " " + asked.error().message());
      }
    });
    context_->serve("subscribe", [this](const Call&, Reply reply) {
      auto kept = std::make_shared<Reply>(std::move(reply));
      check(context_->subscribe_devices(
          [this](const DeviceState& state) { check(out_->emit(state)); },
          [kept](const Answer& answer) { (*kept)(answer); }));
    });
    context_->serve("print", [](const Call&, Reply reply) {
      std::printf("stray output\n");
      std::fflush(stdout);
      std::cout << "more of it" << std::endl;
      reply("printed");
    });
    context_->serve("greeting", [this](const Call&, Reply reply) {
      reply(context_->config().text("greeting"));
    });
  }

  void serve_ports() {
    context_->serve("paused",
                    [this](const Call&, Reply reply) { reply(out_->paused() ? "yes" : "no"); });
    out_->on_resume([] { log_info("resumed"); });
    context_->serve("hold back", [this](const Call& call, Reply reply) {
      check(call.body == "yes" ? in_->pause() : in_->resume());
      reply("");
    });
    context_->serve("open", [this](const Call&, Reply reply) {
      PortManifest port;
      port.id = 40;
      port.name = "late";
      port.topics = {"key"};
      const auto opened = context_->open_source(port);
      if (!opened) return reply(fail(opened.error()));
      check((*opened)->emit(key(1, true)));
      (*opened)->on_upstream<Refresh>([](const Refresh&) { log_info("refresh for late"); });
      reply("");
    });
    context_->serve("open sink", [this](const Call&, Reply reply) {
      PortManifest port;
      port.id = 41;
      port.name = "late-sink";
      port.topics = {"key", "acme/late"};
      const auto opened = context_->open_sink(port);
      if (!opened) return reply(fail(opened.error()));
      (*opened)->on<Key>([this](const Key& event, const EventInfo&) { check(out_->emit(event)); });
      (*opened)->on_custom("acme/late", [](const Custom& custom, const EventInfo&) {
        log_info("late: " + std::to_string(custom.data.size()) + " bytes");
      });
      reply("");
    });
    context_->serve("close", [this](const Call&, Reply reply) {
      const auto closed = context_->close_port(40);
      reply(closed ? Answer("") : fail(closed.error()));
    });
  }

  Context* context_ = nullptr;
  InPort* in_ = nullptr;
  OutPort* out_ = nullptr;
  std::unique_ptr<Reply> kept_;
  std::vector<Reply> all_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<Probe>(argc, argv); }
