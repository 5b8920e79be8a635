#include <dkvm/device_main.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>

// A link to a mirror: the peer `far`. What goes to link/far/NAME comes back from it as
// from another kernel, and a call to link/far:NAME is made here, at NAME, on behalf of
// link/far:CALLER.
namespace {

using namespace dkvm;

constexpr std::uint64_t kFarKernel = 0xFA12;

class MirrorLink final : public Device {
 public:
  MirrorLink() : Device("mirror-link", "Sends everything back") { open_ports_at_run_time(); }

  Result<> start(Context& context) override {
    context.serve_links([&](const Call& call, Reply reply) {
      const auto answer = std::make_shared<Reply>(std::move(reply));
      const std::string target = call.target.substr(call.target.find(':') + 1);
      const auto made = context.call_as("link/far:" + call.caller, target, call.method, call.body,
                                        [answer](const Answer& found) { (*answer)(found); });
      if (!made) (*answer)(fail(made.error()));
    });
    PortManifest own;
    own.id = ++last_id_;
    own.name = own.peer = "far";
    own.topics = {"link_state"};
    DKVM_CHECK(context.open_source(own));
    return follow(context, 0);
  }

 private:
  struct Stream {
    std::shared_ptr<OutPort> source;
    std::shared_ptr<InPort> sink;
  };

  Result<> follow(Context& context, std::uint64_t revision) {
    const std::string body = R"({"wait_ms":2000,"after":)" + std::to_string(revision) + "}";
    DKVM_CHECK(context.call("kernel", "links.streams", body, [&](const Answer& answer) {
      if (!answer) return context.finish(answer.error());
      const auto list = nlohmann::json::parse(*answer);
      for (const auto& each : list.at("streams")) open(context, each);
      if (auto asked = follow(context, list.at("revision")); !asked) context.finish(asked.error());
    }));
    return {};
  }

  void open(Context& context, const nlohmann::json& wanted) {
    const std::string name = wanted.at("stream");
    Stream& stream = streams_[name];
    PortManifest port;
    port.name = "far/" + name;
    port.peer = "far";
    port.topics = wanted.at("topics").get<std::vector<std::string>>();
    if (wanted.at("direction") == "source" && !stream.source) {
      port.id = ++last_id_;
      if (auto opened = context.open_source(port)) stream.source = *opened;
    }
    if (wanted.at("direction") == "sink" && !stream.sink) {
      port.id = ++last_id_;
      auto opened = context.open_sink(port);
      if (!opened) return;
      stream.sink = *opened;
      stream.sink->on_any([&stream](const Frame& event) { send_back(stream, event); });
    }
  }

  // As if it had begun beyond.
  static void send_back(const Stream& stream, Frame event) {
    if (!stream.source) return;
    const std::array far{wire::HopStamp(kFarKernel, now_ns(), now_ns(), event.header.capture_ns())};
    event.hops = std::as_bytes(std::span(far));
    if (auto sent = stream.source->relay(event, event.header.capture_ns()); !sent)
      log_error(sent.error().message());
  }

  std::map<std::string, Stream> streams_;
  std::uint16_t last_id_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<MirrorLink>(argc, argv); }
