#pragma once

#include "devices/control/control_session.hpp"
#include "devices/control/listening_socket.hpp"

#include <dkvm/context.hpp>

#include <cstdint>
#include <map>
#include <memory>

namespace dkvm {

// Clients of the control socket on the device's loop.
// Life: the context outlives the server; its thread only.
class ControlServer {
 public:
  ControlServer(Context& context, ListeningSocket socket)
      : context_(context), socket_(std::move(socket)) {}
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // Tells every client that it is over.
  ~ControlServer();

  Result<> start();

 private:
  using ClientId = std::uint64_t;
  struct Client {
    Client(detail::Fd descriptor, CallPort port)
        : fd(std::move(descriptor)), session(std::move(port)) {}
    detail::Fd fd;
    ControlSession session;
  };

  void accept_clients();
  void pause_accepting();
  void admit(detail::Fd fd);
  CallPort port_of(ClientId id);
  void serve(ClientId id);
  void flush(ClientId id);
  void drop(ClientId id);

  Context& context_;
  ListeningSocket socket_;
  std::map<ClientId, std::unique_ptr<Client>> clients_;
  ClientId last_id_ = 0;
};

}  // namespace dkvm
