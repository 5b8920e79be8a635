#include <dkvm/device_main.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

// Writes a line of JSON for each event: its topic, where it began, which kernels it has
// passed and when, each on its own clock, and when it came here.
namespace {

using namespace dkvm;

class HopSink final : public Device {
 public:
  HopSink() : Device("hop-sink", "Writes where events have been") {
    option({.name = "file", .type = ValueType::path, .required = true});
    in_.on_any([this](const Frame& event, const EventInfo&) { write(event); });
  }

  Result<> start(Context& context) override {
    DKVM_TRY(const std::string file, context.config().text("file"));
    out_.open(file);
    return {};
  }

 private:
  void write(const Frame& event) {
    nlohmann::json hops = nlohmann::json::array();
    for (std::size_t i = 0; i < event.header.hop_count(); ++i) {
      const wire::HopStamp hop = event.hop(i);
      hops.push_back({{"kernel", hop.kernel()},
                      {"received_ns", hop.received_ns()},
                      {"sent_ns", hop.sent_ns()},
                      {"capture_ns", hop.capture_ns()}});
    }
    out_ << nlohmann::json{{"topic", event.header.topic()},
                           {"origin_kernel", event.header.origin_kernel()},
                           {"origin_sequence", event.header.origin_sequence()},
                           {"capture_ns", event.header.capture_ns()},
                           {"now_ns", now_ns()},
                           {"hops", hops}}
         << std::endl;
  }

  InPort& in_ = sink({.name = "in"}, {"*"});
  std::ofstream out_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<HopSink>(argc, argv); }
