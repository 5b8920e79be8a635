// A device of the links' tests, by its first argument:
//   say TOPIC…    sends each of these topics of its own, over and over: its name and its
//                 number in this kernel
//   hear TOPIC…   writes a line for each such event: the topic's name and number here, and
//                 what came
//   lit           a keyboard that taps Caps Lock, and writes what it hears of the light
//   lamp          takes keys; Caps Lock turns its light on and off, which it says upstream

#include <dkvm/codes.hpp>
#include <dkvm/device_main.hpp>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dkvm;

constexpr std::chrono::milliseconds kPause{20};

KeyManifest file_option() { return {.name = "file", .type = ValueType::path, .required = true}; }

Result<> open_file(Context& context, std::ofstream& file) {
  DKVM_TRY(const std::string path, context.config().text("file"));
  file.open(path);
  return {};
}

void note(const Result<>& sent) {
  if (!sent) log_error(sent.error().message());
}

// Does something now and again after each pause.
class Repeating : public Device {
 public:
  using Device::Device;
  Result<> start(Context& context) override {
    act(context);
    context.after(kPause, [this, &context] { [[maybe_unused]] const auto again = start(context); });
    return {};
  }
  virtual void act(Context& context) = 0;
};

class Say final : public Repeating {
 public:
  explicit Say(std::vector<std::string> topics)
      : Repeating("link-say", "Sends topics of its own"),
        topics_(std::move(topics)),
        out_(source({.name = "out"}, topics_)) {}

  void act(Context& context) override {
    for (const std::string& topic : topics_) {
      const std::string text = topic + " " + std::to_string(context.topic_id(topic));
      note(out_.emit_custom(topic, std::as_bytes(std::span(text))));
    }
  }

 private:
  std::vector<std::string> topics_;
  OutPort& out_;
};

class Hear final : public Device {
 public:
  explicit Hear(const std::vector<std::string>& topics) : Device("link-hear", "Writes what came") {
    option(file_option());
    InPort& in = sink({.name = "in"}, topics);
    for (const std::string& topic : topics)
      in.on_custom(topic, [this, topic](const Custom& event, const EventInfo& info) {
        file_ << topic << ' ' << info.frame.header.topic() << ' '
              << std::string(event.data.begin(), event.data.end()) << std::endl;
      });
  }
  Result<> start(Context& context) override { return open_file(context, file_); }

 private:
  std::ofstream file_;
};

class Lit final : public Repeating {
 public:
  Lit() : Repeating("link-lit", "A keyboard with a light") {
    option(file_option());
    out_.on_upstream<LockState>(
        [this](const LockState& locks) { file_ << (locks.caps_lock ? "on" : "off") << std::endl; });
  }
  Result<> start(Context& context) override {
    if (!file_.is_open()) DKVM_CHECK(open_file(context, file_));
    return Repeating::start(context);
  }
  void act(Context&) override {
    for (const bool down : {true, false})
      note(out_.emit(key(*code_from_name("KEY_CAPSLOCK"), down)));
  }

 private:
  OutPort& out_ = source<Key>({.name = "out"});
  std::ofstream file_;
};

class Lamp final : public Device {
 public:
  Lamp() : Device("link-lamp", "Caps Lock turns its light on and off") {
    in_.on<Key>([this](const Key& key, const EventInfo&) {
      if (!key.down || code_name(key.code) != "KEY_CAPSLOCK") return;
      LockState locks;
      locks.caps_lock = on_ = !on_;
      note(in_.send_upstream(locks));
    });
  }

 private:
  InPort& in_ = sink<Key>({.name = "in"});
  bool on_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  std::vector<std::string> topics;
  int taken = 1;
  while (taken + 1 < argc && !std::string_view(argv[taken + 1]).starts_with("-"))
    topics.emplace_back(argv[++taken]);
  std::unique_ptr<Device> device;
  if (role == "say") device = std::make_unique<Say>(topics);
  if (role == "hear") device = std::make_unique<Hear>(topics);
  if (role == "lit") device = std::make_unique<Lit>();
  if (role == "lamp") device = std::make_unique<Lamp>();
  if (!device) return kExitRefused;
  return device_main(*device, argc - taken, argv + taken);
}
