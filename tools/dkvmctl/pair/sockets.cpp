#include "tools/dkvmctl/pair/sockets.hpp"

#include "tools/dkvmctl/pair/limits.hpp"
#include "trust/reach.hpp"

#include <fmt/format.h>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace dkvm::ctl {
namespace {

struct Free {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, Free>;

constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

const sockaddr* as_address(const sockaddr_storage& storage) {
  return reinterpret_cast<const sockaddr*>(&storage);
}

Result<Addresses> resolve(const HostPort& where, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int code =
      ::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  if (code != 0)
    return fail(Errc::not_found,
                fmt::format("looking for {}: {}", where.host, ::gai_strerror(code)));
  return Addresses(found);
}

Result<detail::Fd> listen_at(const addrinfo& at) {
  const std::string text = trust::text_of(at.ai_addr, at.ai_addrlen);
  detail::Fd socket(::socket(at.ai_family, kSocketFlags, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (at.ai_family == AF_INET6)
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  if (!socket || ::bind(socket.get(), at.ai_addr, at.ai_addrlen) != 0 ||
      ::listen(socket.get(), kPairBacklogMax) != 0)
    return fail(
        Errc::invalid,
        fmt::format("listening at {}: {}{}", text, std::strerror(errno),
                    errno == EADDRINUSE ? ": does another `dkvmctl pair --listen` run?" : ""));
  return socket;
}

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

Result<Connected> dial(const addrinfo& at) {
  Connected connected{detail::Fd(::socket(at.ai_family, kSocketFlags, 0)),
                      trust::text_of(at.ai_addr, at.ai_addrlen)};
  const auto failed = [&](int number) {
    return fail(Errc::disconnected,
                fmt::format("{}: {}{}", connected.address, std::strerror(number),
                            number == ECONNREFUSED
                                ? ": nobody listens there. Run `dkvmctl pair --listen` there first"
                                : ""));
  };
  const int socket = connected.socket.get();
  if (!connected.socket) return failed(errno);
  if (::connect(socket, at.ai_addr, at.ai_addrlen) == 0) return connected;
  if (errno != EINPROGRESS) return failed(errno);
  if (!wait_ready(socket, POLLOUT, PairClock::now() + kPairStepTimeMax)) return failed(ETIMEDOUT);
  int number = 0;
  socklen_t bytes = sizeof(number);
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &bytes);
  if (number != 0) return failed(number);
  send_at_once(socket);
  return connected;
}

}  // namespace

int millis_until(PairClock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - PairClock::now()).count();
  return left <= 0 ? 0 : static_cast<int>(left);
}

Result<> wait_ready(int fd, short events, PairClock::time_point until) {
  for (;;) {
    pollfd waiting{fd, events, 0};
    const int left = millis_until(until);
    if (::poll(&waiting, 1, left) > 0) return {};
    if (left == 0) return fail(Errc::timeout, "no answer in time");
  }
}

Result<PairListener> PairListener::open(const std::optional<HostPort>& where, Reach reach) {
  PairListener listener;
  listener.reach_ = reach;
  if (where) {
    DKVM_TRY(const Addresses found, resolve(*where, AI_PASSIVE));
    DKVM_TRY(detail::Fd socket, listen_at(*found));
    listener.sockets_.push_back(std::move(socket));
    return listener;
  }
  Error last(Errc::invalid, "");
  for (const char* all : {"0.0.0.0", "::"}) {
    const auto found = resolve({all, kPairPort}, AI_PASSIVE | AI_NUMERICHOST);
    auto socket = found ? listen_at(**found) : Result<detail::Fd>(fail(found.error()));
    if (socket) {
      listener.sockets_.push_back(std::move(*socket));
    } else {
      last = std::move(socket).error();  // a machine may have no IPv6
    }
  }
  if (listener.sockets_.empty()) return fail(std::move(last));
  return listener;
}

std::vector<int> PairListener::fds() const {
  std::vector<int> all;
  for (const detail::Fd& socket : sockets_) all.push_back(socket.get());
  return all;
}

std::vector<std::string> PairListener::addresses() const {
  std::vector<std::string> all;
  for (const detail::Fd& socket : sockets_) {
    sockaddr_storage bound{};
    socklen_t bytes = sizeof(bound);
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &bytes) == 0)
      all.push_back(trust::text_of(as_address(bound), bytes));
  }
  return all;
}

Result<std::optional<PairListener::Comer>> PairListener::accept_any(PairClock::time_point until) {
  for (;;) {
    std::vector<pollfd> waiting;
    for (const detail::Fd& socket : sockets_) waiting.push_back({socket.get(), POLLIN, 0});
    const int left = millis_until(until);
    if (::poll(waiting.data(), waiting.size(), left) <= 0 && left == 0) return std::nullopt;
    for (const pollfd& each : waiting) {
      if ((each.revents & POLLIN) == 0) continue;
      sockaddr_storage from{};
      socklen_t bytes = sizeof(from);
      detail::Fd socket(::accept4(each.fd, reinterpret_cast<sockaddr*>(&from), &bytes,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket) continue;  // gone again
      send_at_once(socket.get());
      return Comer{{std::move(socket), trust::text_of(as_address(from), bytes)},
                   trust::is_near(as_address(from))};
    }
  }
}

Result<Connected> connect_to(const HostPort& where, Reach reach) {
  DKVM_TRY(const Addresses found, resolve(where, 0));
  Error last(Errc::denied,
             fmt::format("{} is on no network near this machine (private, link-local): "
                         "--reach anywhere goes there all the same",
                         where.host));
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    if (reach == Reach::lan && !trust::is_near(at->ai_addr)) continue;
    auto connected = dial(*at);
    if (connected) return connected;
    last = std::move(connected).error();
  }
  return fail(std::move(last));
}

}  // namespace dkvm::ctl
