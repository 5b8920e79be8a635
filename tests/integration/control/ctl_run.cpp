#include "tests/integration/control/ctl_run.hpp"

namespace dkvm::test {
namespace {

constexpr const char* kInfo =
    R"({"config":"/etc/dkvm/kvm.yaml","devices":3,"gaps":0,"id":"7bf3a582b7f8ff85",)"
    R"("name":"desk","pid":4242,"pipelines":3,"protocol":1,"rss_bytes":12897485,)"
    R"("runtime_dir":"/run/dkvm","uptime_s":11520.5,"version":"0.1.0"})";

constexpr const char* kKeyboard =
    R"({"name":"keyboard","type":"dummy-keyboard-source","state":"running","reason":"","pid":4250,)"
    R"("incarnation":1,"restarts":0,"since_s":11519,"enabled":true,"cpu_s":1.234,)"
    R"("rss_bytes":4404019,"log_delays":0,"next_start_s":0.0,"port_count":2})";

constexpr const char* kRecorder =
    R"({"name":"recorder","type":"dummy-keyboard-sink","state":"backoff",)"
    R"("reason":"killed by SIGSEGV","next_start_s":2.4,"pid":0,"incarnation":3,"restarts":2,)"
    R"("since_s":1,"enabled":true,"cpu_s":0.01,"rss_bytes":0,"port_count":0})";

constexpr const char* kPedal =
    R"({"name":"pedal","type":"acme-pedal","state":"failed",)"
    R"("reason":"exit status 125: it refuses to be started again","pid":0,"incarnation":1,)"
    R"("restarts":0,"since_s":190,"enabled":true,"cpu_s":0,"rss_bytes":0,"port_count":0})";

constexpr const char* kPipelines =
    R"({"pipelines":[{"name":"typing","state":"active","enabled":true,"missing":[],)"
    R"("edge_count":1,"in":1234567,"delivered":1234560,"dropped":7,"gaps":1},)"
    R"({"name":"mousing","state":"disabled","enabled":false,"missing":[],)"
    R"("edge_count":2,"in":0,"delivered":0,"dropped":0,"gaps":0},)"
    R"({"name":"removed","state":"active","enabled":true,"missing":[],"edge_count":0},)"
    R"({"name":"talking","enabled":true,"missing":["microphone"],"edge_count":0}]})";

constexpr const char* kTyping =
    R"({"name":"typing","state":"active","enabled":true,"missing":[],)"
    R"("edges":[{"from":"keyboard/keyboard","to":"recorder/keyboard","state":"active","in":1234567,"delivered":1234560,"dropped":7,)"
    R"("coalesced":0,"gaps":1,"refreshes":0,"depth":0,"depth_max":31,)"
    R"("latency":{"queued":{"p50_us":18.4,"p99_us":96,"max_us":410,"count":1234560},)"
    R"("applied":{"p50_us":41,"p99_us":1210,"max_us":5200,"count":1234560}}}]})";

// One edge of two.
std::string mousing_page(const std::string& sink, const std::string& next) {
  return R"({"name":"mousing","state":"disabled","enabled":false,"missing":[],)"
         R"("edges":[{"from":"mouse/mouse","to":")" +
         sink +
         R"(","state":"waiting","in":0,"delivered":0,"dropped":0,"coalesced":0,"gaps":0,)"
         R"("refreshes":0,"depth":0,"depth_max":0,"latency":{}}])" +
         next + "}";
}

Answer pipeline_stats(const wire::RequestT& request) {
  const auto asks = [&](const std::string& part) {
    return request.body.find(part) != std::string::npos;
  };
  if (asks("\"typing\"")) return Answer(kTyping);
  if (asks("\"talking\""))
    return Answer(R"({"name":"talking","enabled":true,"edges":[],"missing":["microphone"]})");
  if (asks("\"removed\"")) return Answer(fail(Errc::not_found, "there is no pipeline 'removed'"));
  if (asks("\"after\":\"0000000007\"")) return Answer(mousing_page("moved/mouse", ""));
  return Answer(mousing_page("recorder/mouse", R"(,"next":"0000000007")"));
}

constexpr const char* kDeaths =
    R"({"deaths":[{"id":"000000000005","device":"recorder","incarnation":2,)"
    R"("time":"2026-01-02T03:04:05.678Z","reason":"no sign of life in 3000 ms",)"
    R"("status":"killed by SIGABRT",)"
    R"("uptime_s":62.5,"log":["opening keys.jsonl","\u001b[31mlast words"]}]})";

Answer device_page(const wire::RequestT& request) {
  const auto asks_after = [&](const std::string& name) {
    return request.body.find("\"after\":\"" + name + "\"") != std::string::npos;
  };
  const auto page = [](const std::string& device, const std::string& next) {
    return Answer("{\"devices\":[" + device + "]" + next + "}");
  };
  if (asks_after("recorder")) return page(kPedal, "");
  if (asks_after("keyboard")) return page(kRecorder, ",\"next\":\"recorder\"");
  return page(kKeyboard, ",\"next\":\"keyboard\"");
}

// Details with one port of two.
Answer keyboard_page(const wire::RequestT& request) {
  std::string page = kKeyboard;
  page.pop_back();
  if (request.body.find("\"after\":\"00001\"") != std::string::npos)
    return Answer(page + R"(,"ports":[{"id":2,"name":"leds","direction":"sink","topics":["*"]}]})");
  return Answer(page + R"(,"ports":[{"id":1,"name":"keyboard","direction":"source",)"
                       R"("topics":["key","input_state"]}],"next":"00001"})");
}

}  // namespace

CtlRun::CtlRun(FakeKernel& kernel, const std::vector<std::string>& arguments,
               std::vector<std::string> environment)
    : kernel_(kernel) {
  ChildSetup setup;
  setup.command = {DKVM_BIN_DIR "/dkvmctl"};
  setup.command.insert(setup.command.end(), arguments.begin(), arguments.end());
  setup.environment = std::move(environment);
  if (setup.environment.empty()) setup.environment.push_back("DKVM_SOCKET=" + kernel.socket());
  setup.environment.push_back("TZ=UTC");
  setup.out = directory_ / "out";
  setup.err = directory_ / "err";
  process_ = std::make_unique<Child>(setup);
}

int CtlRun::exit_code() {
  kernel_.until([this] { return process_->ended().has_value(); });
  return process_->ended().value_or(-1);
}

bool CtlRun::prints(const std::string& part) {
  return kernel_.until([&] { return out().find(part) != std::string::npos; });
}

bool CtlRun::prints_error(const std::string& part) {
  return kernel_.until([&] { return err().find(part) != std::string::npos; });
}

void furnish(FakeKernel& kernel) {
  kernel.on("kernel.info", kInfo);
  kernel.on("kernel.stop", R"({"runtime_dir":"/nowhere"})");
  kernel.on("kernel.reload",
            R"({"started":["mouse"],"stopped":[],"changed":["keyboard"],"pipelines_changed":1})");
  kernel.on("devices.list", device_page);
  kernel.on("devices.get", keyboard_page);
  kernel.on("devices.restart", kRecorder);
  kernel.on("devices.deaths", kDeaths);
  kernel.on("pipelines.list", kPipelines);
  kernel.on("pipelines.stats", pipeline_stats);
}

}  // namespace dkvm::test
