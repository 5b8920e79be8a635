#include "devices/control/control_server.hpp"

#include <dkvm/device_main.hpp>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace dkvm {

// A unix socket through which dkvmctl and others call the kernel and its
// devices. It passes calls on as this device: what they may do is what its
// grants say.
class Control final : public Device {
 public:
  Control() : Device("control", "Takes calls from dkvmctl on a unix socket") {
    KeyManifest socket;
    socket.name = "socket";
    socket.type = ValueType::path;
    socket.help = "the socket's path; $DKVM_RUNTIME_DIR/control.sock if absent";
    option(std::move(socket));
  }

  Result<> start(Context& context) override {
    DKVM_TRY(const std::string path, socket_path(context.config()));
    DKVM_TRY(ListeningSocket socket, ListeningSocket::open(path));
    server_.emplace(context, std::move(socket));
    DKVM_CHECK(server_->start());
    log_info("taking calls at " + path);
    return {};
  }

  void stop(Context&) override { server_.reset(); }

 private:
  static Result<std::string> socket_path(const ConfigReader& config) {
    if (auto path = config.find("socket")) return std::move(*path);
    const char* directory = std::getenv("DKVM_RUNTIME_DIR");
    if (directory == nullptr || *directory == '\0')
      return fail(Errc::invalid,
                  "config key 'socket' is absent and DKVM_RUNTIME_DIR is not set either");
    return std::string(directory) + "/control.sock";
  }

  std::optional<ControlServer> server_;
};

}  // namespace dkvm

int main(int argc, char** argv) { return dkvm::device_main<dkvm::Control>(argc, argv); }
