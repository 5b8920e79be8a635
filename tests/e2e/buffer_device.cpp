// A device of the buffers' tests, by its first argument:
//   forward   sends on every picture as it came, without touching it
//   count     a source that publishes 8 bytes a picture, counting from 1; config
//             `memory` (memfd, named) and `pictures`, then it finishes
//   add       a sink that writes the sum of what it has seen into `file`

#include <dkvm/device_main.hpp>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace dkvm;

class Forward final : public Device {
 public:
  Forward() : Device("test-forward", "Sends on pictures as they came") {
    in_.on_any([this](const Frame&, const EventInfo& info) {
      if (const auto sent = out_.forward(info); !sent) log_error(sent.error().message());
    });
  }

 private:
  OutPort& out_ = source<DisplayFrame, DisplayMode>({.name = "out"});
  InPort& in_ = sink<DisplayFrame, DisplayMode>({.name = "in"});
};

class Count final : public Device {
 public:
  Count() : Device("test-count", "Publishes numbers in buffers") {
    option({.name = "memory", .fallback = "memfd", .choices = {"memfd", "named"}});
    option({.name = "pictures", .type = ValueType::integer, .fallback = "100"});
    out_.on_slots([this] { go_on(); });
    out_.on_resume([this] { go_on(); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    DKVM_TRY(const std::string memory, context.config().text("memory"));
    DKVM_TRY(left_, context.config().integer("pictures"));
    return out_.open_pool(
        {.slot_bytes = sizeof(std::uint64_t),
         .memory = memory == "named" ? wire::MemoryKind::named : wire::MemoryKind::memfd});
  }

 private:
  void go_on() {
    while (left_ != 0 && !out_.paused()) {
      auto slot = out_.borrow();
      if (!slot) return;
      const std::uint64_t number = ++number_;
      std::memcpy(slot->bytes().data(), &number, sizeof number);
      if (const auto sent = out_.publish(std::move(*slot), sizeof number, DisplayFrame{}); !sent)
        return context_->finish(sent.error());
      --left_;
    }
    if (left_ == 0) context_->finish();
  }

  OutPort& out_ = source<DisplayFrame>({.name = "out"});
  Context* context_ = nullptr;
  std::int64_t left_ = 0;
  std::uint64_t number_ = 0;
};

class Add final : public Device {
 public:
  Add() : Device("test-add", "Adds up the numbers in buffers") {
    option({.name = "file", .type = ValueType::path, .required = true});
    in_.on<DisplayFrame>([this](const DisplayFrame&, const EventInfo& info) {
      std::uint64_t number = 0;
      const Bytes bytes = info.bytes();
      if (bytes.size() == sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
      sum_ += number;
    });
  }
  Result<> start(Context& context) override {
    DKVM_TRY(file_, context.config().text("file"));
    return {};
  }
  void stop(Context&) override { std::ofstream(file_) << sum_; }

 private:
  InPort& in_ = sink<DisplayFrame>({.name = "in"});
  std::string file_;
  std::uint64_t sum_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  std::unique_ptr<Device> device;
  if (role == "forward") device = std::make_unique<Forward>();
  if (role == "count") device = std::make_unique<Count>();
  if (role == "add") device = std::make_unique<Add>();
  if (!device) return kExitRefused;
  return device_main(*device, argc - 1, argv + 1);
}
