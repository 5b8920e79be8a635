#include "devices/tcp/streams/streams.hpp"
#include "devices/tcp/transport/link_client.hpp"

#include <dkvm/device_main.hpp>

namespace {

using namespace dkvm;

// Links this kernel to another, and again whenever the link is gone.
class TcpClient final : public Device {
 public:
  TcpClient() : Device("tcp-client", "Links this kernel to another, over TLS 1.3") {
    open_ports_at_run_time(true);
    for (KeyManifest& key : tcp::client_keys()) option(std::move(key));
  }

  Result<> start(Context& context) override {
    DKVM_TRY(tcp::ClientConfig config, tcp::read_client_config(context.config()));
    DKVM_TRY(streams_, tcp::Streams::start(context, [] { return std::vector<std::string>{}; }));
    DKVM_TRY(client_, tcp::LinkClient::start(context, std::move(config), *streams_));
    return {};
  }

  void let_go(Context&) override {
    if (streams_) streams_->let_go();
  }

  void stop(Context&) override {
    if (client_) client_->stop(Error(Errc::disconnected, "the kernel stops its link"));
    client_.reset();
    streams_.reset();
  }

 private:
  std::unique_ptr<tcp::Streams> streams_;
  std::unique_ptr<tcp::LinkClient> client_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<TcpClient>(argc, argv); }
