#include "devices/control/control_server.hpp"

#include "devices/control/limits.hpp"

#include <dkvm/detail/peer_linux.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace dkvm {
namespace {

// Sends what the client takes now. False when it is gone.
bool send_output(int fd, ControlSession& session) {
  while (!session.output().empty()) {
    const auto output = session.output();
    const ssize_t sent = ::send(fd, output.data(), output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    session.sent(static_cast<std::size_t>(sent));
  }
  return true;
}

// A word to somebody who gets no session.
void turn_away(int fd, const Error& error) {
  const std::string line = answer_line(std::nullopt, fail(error));
  [[maybe_unused]] const ssize_t ignored =
      ::send(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

Result<> check_peer(int fd) {
  DKVM_TRY(const uid_t peer, detail::peer_uid(fd));
  if (detail::trusted_peer(peer, ::geteuid())) return {};
  log_warning("turned away a process of user " + std::to_string(peer));
  return fail(Errc::denied, "this kernel belongs to another user");
}

}  // namespace

ControlServer::~ControlServer() {
  for (auto& [id, client] : clients_) {
    client->session.say(Error(Errc::disconnected, "the control device has ended"));
    send_output(client->fd.get(), client->session);
    context_.forget(client->fd.get());
  }
  context_.forget(socket_.fd());
}

Result<> ControlServer::start() {
  return context_.watch(socket_.fd(), [this] { accept_clients(); });
}

void ControlServer::accept_clients() {
  for (int i = 0; i < kControlBacklogMax; ++i) {
    detail::Fd fd(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd) {
      admit(std::move(fd));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      return pause_accepting();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

// The waiting client stays readable at the listener, which would spin.
void ControlServer::pause_accepting() {
  log_warning("no descriptor is left for a client");
  context_.forget(socket_.fd());
  context_.after(kAcceptPause, [this] {
    if (const auto watching = start(); !watching) log_error(watching.error().message());
  });
}

void ControlServer::admit(detail::Fd fd) {
  if (const auto allowed = check_peer(fd.get()); !allowed)
    return turn_away(fd.get(), allowed.error());
  if (clients_.size() >= kControlClientsMax)
    return turn_away(fd.get(),
                     Error(Errc::overloaded, std::to_string(kControlClientsMax) +
                                                 " clients are connected, more are not taken"));
  const ClientId id = ++last_id_;
  const int watched = fd.get();
  clients_[id] = std::make_unique<Client>(std::move(fd), port_of(id));
  if (const auto watching = context_.watch(watched, [this, id] { serve(id); }); !watching) {
    log_error(watching.error().message());
    drop(id);
  }
}

CallPort ControlServer::port_of(ClientId id) {
  return {[this, id](ControlRequest request, std::function<void(const Answer&)> on_answer) {
            return context_.call(
                std::move(request.target), std::move(request.method), std::move(request.params),
                [this, id, on_answer = std::move(on_answer)](const Answer& answer) {
                  on_answer(answer);
                  flush(id);
                },
                request.deadline);
          },
          [this](std::uint64_t number) { context_.cancel_call(number); }};
}

void ControlServer::serve(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  std::array<char, kClientReadBytesMax> bytes;
  const ssize_t got = ::recv(client.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return drop(id);
  if (got > 0) {
    const auto taken = client.session.receive({bytes.data(), static_cast<std::size_t>(got)});
    if (!taken) {
      log_warning("disconnecting a client: " + taken.error().message());
      send_output(client.fd.get(), client.session);
      return drop(id);
    }
  }
  flush(id);
}

void ControlServer::flush(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  if (client.session.overflowed()) {
    log_warning("disconnecting a client: it does not read its answers");
    return drop(id);
  }
  if (!send_output(client.fd.get(), client.session)) return drop(id);
  context_.watch_writable(client.fd.get(), !client.session.output().empty());
}

void ControlServer::drop(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  context_.forget(found->second->fd.get());
  clients_.erase(found);
}

}  // namespace dkvm
