#include "devices/metrics/limits.hpp"
#include "devices/metrics/page_maker.hpp"

#include <dkvm/device_main.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace dkvm::metrics {

// What Prometheus scrapes: the kernel and all that runs under it, as figures. It asks the
// kernel as this device: what it may see is what its grants say.
class Metrics final : public Device {
 public:
  Metrics() : Device("metrics", "Shows Prometheus how the kernel and its devices do") {
    KeyManifest listen;
    listen.name = "listen";
    listen.type = ValueType::text;
    listen.fallback = fmt::format("127.0.0.1:{}", kMetricsPortDefault);
    listen.help = "addresses to listen at, separated by commas; port 0 picks one";
    option(std::move(listen));
    KeyManifest reach;
    reach.name = "reach";
    reach.type = ValueType::text;
    reach.fallback = "loopback";
    reach.help =
        "who may ask: loopback is this machine alone, lan also private and link-local "
        "addresses";
    reach.choices = {"loopback", "lan", "anywhere"};
    option(std::move(reach));
  }

  Result<> start(Context& context) override {
    DKVM_TRY(const std::string listen, context.config().text("listen"));
    DKVM_TRY(const auto addresses, tcp::parse_endpoints(listen, kMetricsPortDefault));
    DKVM_TRY(const tcp::Reach reach, reach_of(context.config()));
    server_.emplace(context, [this](HttpServer::GivePage give) { pages_->give(std::move(give)); });
    pages_.emplace(context, trouble_, [this] { return server_->counts(); });
    DKVM_CHECK(server_->open(addresses, reach));
    trouble_.begin(context);
    for (const std::string& address : server_->listening())
      log_info(fmt::format("metrics are at http://{}/metrics", address));
    return {};
  }

  void stop(Context&) override {
    server_.reset();
    pages_.reset();
  }

 private:
  static Result<tcp::Reach> reach_of(const ConfigReader& config) {
    DKVM_TRY(const std::string text, config.text("reach"));
    if (text == "anywhere") return tcp::Reach::anywhere;
    return text == "lan" ? tcp::Reach::lan : tcp::Reach::loopback;
  }

  Trouble trouble_;
  std::optional<HttpServer> server_;
  std::optional<PageMaker> pages_;
};

}  // namespace dkvm::metrics

int main(int argc, char** argv) { return dkvm::device_main<dkvm::metrics::Metrics>(argc, argv); }
