#include "devices/tcp/transport/network_watch.hpp"

#include <fmt/format.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace dkvm::tcp {

NetworkWatch::~NetworkWatch() {
  if (socket_) context_.forget(socket_.get());
}

Result<> NetworkWatch::start(std::function<void()> changed) {
  socket_ = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (!socket_ ||
      ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const std::string why = std::strerror(errno);
    socket_.reset();
    return fail(Errc::unsupported, fmt::format("watching the network: {}", why));
  }
  return context_.watch(socket_.get(), [fd = socket_.get(), changed = std::move(changed)] {
    char bytes[8192];  // what has changed does not matter, nor whether all of it is read
    bool any = false;
    for (;;) {
      const ssize_t got = ::recv(fd, bytes, sizeof(bytes), 0);
      if (got <= 0 && errno != ENOBUFS) break;
      any = true;
    }
    if (any) changed();
  });
}

}  // namespace dkvm::tcp
