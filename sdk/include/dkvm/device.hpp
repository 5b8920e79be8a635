#pragma once

#include <dkvm/context.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/manifest.hpp>
#include <dkvm/port.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dkvm {

// A device: what it is (ports, configuration keys) and what it does. Derive
// from it and override, or hand it lambdas; `device_main` runs it.
//
//   dkvm::Device device("acme-beep", "Beeps at every key");
//   device.sink<dkvm::Key>({.name = "keys"}).on<dkvm::Key>([](auto& key, auto&) { … });
//   return dkvm::device_main(device, argc, argv);
class Device {
 public:
  // type: as it stands in the YAML, [a-z0-9-].
  Device(std::string type, std::string summary, std::string version = "0.1.0") {
    manifest_.type = std::move(type);
    manifest_.summary = std::move(summary);
    manifest_.version = std::move(version);
  }
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // --- what it is ----------------------------------------------------------

  // A port that sends these events. Ports are declared before the device runs;
  // their ids count from 1 in the order of declaration.
  // Life: as long as the device
  template <class... Events>
  OutPort& source(PortOptions options) {
    return source(std::move(options), {wire::EnumNameTopic(topic_of<Events>)...});
  }
  // The same by topic names, for topics of one's own.
  OutPort& source(PortOptions options, std::vector<std::string> topics) {
    return *outs_.emplace_back(std::make_unique<OutPort>(
        declare(std::move(options), std::move(topics), wire::Direction::source)));
  }

  // A port that takes these events.
  template <class... Events>
  InPort& sink(PortOptions options) {
    return sink(std::move(options), {wire::EnumNameTopic(topic_of<Events>)...});
  }
  InPort& sink(PortOptions options, std::vector<std::string> topics) {
    return *ins_.emplace_back(std::make_unique<InPort>(
        declare(std::move(options), std::move(topics), wire::Direction::sink)));
  }

  // A configuration key that the device reads.
  void option(KeyManifest key) { manifest_.keys.push_back(std::move(key)); }

  // It will: see Context::open_source(). buffers: some of them take or bring buffers.
  void open_ports_at_run_time(bool buffers = false) {
    manifest_.runtime_ports = true;
    manifest_.fds = manifest_.fds || buffers;
  }

  // The device leaves things behind when it dies (keys down): after an unclean
  // death the kernel runs it with --cleanup, which calls `cleanup` with the
  // codes that may be down. It has 500 ms, no kernel to talk to, and the same
  // configuration (ConfigReader).
  void on_cleanup(std::function<Result<>(std::span<const std::uint16_t> codes)> cleanup) {
    cleanup_ = std::move(cleanup);
    manifest_.cleanup = true;
  }

  const Manifest& manifest() const { return manifest_; }

  // --- what it does ----------------------------------------------------------

  // For those who do not derive: these are called by start(), let_go() and stop().
  void on_start(std::function<Result<>(Context&)> start) { start_ = std::move(start); }
  void on_let_go(std::function<void(Context&)> let_go) { let_go_ = std::move(let_go); }
  void on_stop(std::function<void(Context&)> stop) { stop_ = std::move(stop); }

  // The kernel has answered; ports work from here on. The device counts as
  // ready, and answers pings, once this has returned.
  // Errors: invalid and unsupported park the device until its configuration
  //         changes; any other is tried again with backoff.
  virtual Result<> start(Context& context) { return start_ ? start_(context) : Result<>{}; }
  // Release whatever is held down on the real machine: the kernel is silent or
  // gone, or the device ends.
  virtual void let_go(Context& context) {
    if (let_go_) let_go_(context);
  }
  // The device ends in good order: flush and close.
  virtual void stop(Context& context) {
    if (stop_) stop_(context);
  }

  // What --cleanup does.
  // Errors: Errc::unsupported without on_cleanup(), those of its callback.
  Result<> cleanup(std::span<const std::uint16_t> codes) {
    if (!cleanup_)
      return fail(Errc::unsupported, manifest_.type + " leaves nothing behind to clean up");
    return cleanup_(codes);
  }

  // A running instance over a stream to a kernel, for any event loop: watch
  // context->fd(), call dispatch() until finished().
  // Errors: Errc::disconnected when nobody reads its hello.
  // Life: the device outlives the context.
  Result<std::unique_ptr<Context>> run_over(Fd in, Fd out) {
    auto context = std::make_unique<Context>(std::move(in), std::move(out), manifest_);
    Context& running = *context;
    running.set_hooks({[this, &running] { return start(running); },
                       [this, &running] { let_go(running); }, [this, &running] { stop(running); }});
    for (auto& port : outs_) running.add_port(*port);
    for (auto& port : ins_) running.add_port(*port);
    DKVM_CHECK(running.begin(manifest_));
    return context;
  }

 private:
  PortManifest declare(PortOptions options, std::vector<std::string> topics,
                       wire::Direction direction) {
    PortManifest port;
    port.id = static_cast<std::uint16_t>(manifest_.ports.size() + 1);
    port.name = std::move(options.name);
    port.direction = direction;
    port.topics = std::move(topics);
    manifest_.fds = manifest_.fds || options.buffers ||
                    std::any_of(port.topics.begin(), port.topics.end(), brings_buffers);
    port.live = options.live;
    port.injects = options.injects;
    port.help = std::move(options.help);
    manifest_.ports.push_back(port);
    return port;
  }

  Manifest manifest_;
  std::vector<std::unique_ptr<OutPort>> outs_;
  std::vector<std::unique_ptr<InPort>> ins_;
  std::function<Result<>(Context&)> start_;
  std::function<void(Context&)> let_go_;
  std::function<void(Context&)> stop_;
  std::function<Result<>(std::span<const std::uint16_t>)> cleanup_;
};

// The two families that nearly every input device belongs to, each with its one
// port. What a handler has done counts as applied when it returns.

class KeyboardSource : public Device {
 public:
  KeyboardSource(std::string type, std::string summary)
      : Device(std::move(type), std::move(summary)),
        keyboard(
            source<Key, InputState>({.name = "keyboard", .help = "keys as they are pressed"})) {}

 protected:
  OutPort& keyboard;
};

class KeyboardSink : public Device {
 public:
  KeyboardSink(std::string type, std::string summary)
      : Device(std::move(type), std::move(summary)),
        keyboard(sink<Key>({.name = "keyboard", .help = "keys to press"})) {
    keyboard.on<Key>([this](const Key& event, const EventInfo& info) { on_key(event, info); });
  }

 protected:
  virtual void on_key(const Key& event, const EventInfo& info) = 0;
  InPort& keyboard;
};

class MouseSource : public Device {
 public:
  MouseSource(std::string type, std::string summary)
      : Device(std::move(type), std::move(summary)),
        mouse(source<PointerMotion, PointerButton, PointerScroll, InputState>(
            {.name = "mouse", .help = "motion, buttons and wheel"})) {}

 protected:
  OutPort& mouse;
};

class MouseSink : public Device {
 public:
  MouseSink(std::string type, std::string summary)
      : Device(std::move(type), std::move(summary)),
        mouse(sink<PointerMotion, PointerButton, PointerScroll>(
            {.name = "mouse", .help = "motion, buttons and wheel to play"})) {
    mouse.on<PointerMotion>([this](const auto& event, const auto& info) { on_motion(event, info); })
        .on<PointerButton>([this](const auto& event, const auto& info) { on_button(event, info); })
        .on<PointerScroll>([this](const auto& event, const auto& info) { on_scroll(event, info); });
  }

 protected:
  virtual void on_motion(const PointerMotion& event, const EventInfo& info) = 0;
  virtual void on_button(const PointerButton& event, const EventInfo& info) = 0;
  virtual void on_scroll(const PointerScroll& event, const EventInfo& info) = 0;
  InPort& mouse;
};

}  // namespace dkvm
