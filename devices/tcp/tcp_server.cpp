#include "devices/tcp/streams/streams.hpp"
#include "devices/tcp/transport/link_server.hpp"

#include <dkvm/device_main.hpp>

namespace {

using namespace dkvm;

// Takes links from other kernels.
class TcpServer final : public Device {
 public:
  TcpServer() : Device("tcp-server", "Takes links from other kernels, over TLS 1.3") {
    open_ports_at_run_time(true);
    for (KeyManifest& key : tcp::server_keys()) option(std::move(key));
  }

  Result<> start(Context& context) override {
    DKVM_TRY(tcp::ServerConfig config, tcp::read_server_config(context.config()));
    DKVM_TRY(streams_, tcp::Streams::start(context, [this] {
               return server_ ? server_->listening() : std::vector<std::string>{};
             }));
    DKVM_TRY(server_, tcp::LinkServer::start(context, std::move(config), *streams_));
    return {};
  }

  void let_go(Context&) override {
    if (streams_) streams_->let_go();
  }

  void stop(Context&) override {
    if (server_) server_->stop(Error(Errc::disconnected, "the kernel stops its link"));
    server_.reset();
    streams_.reset();
  }

 private:
  std::unique_ptr<tcp::Streams> streams_;
  std::unique_ptr<tcp::LinkServer> server_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<TcpServer>(argc, argv); }
