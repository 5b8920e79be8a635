#pragma once

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

namespace dkvm::test {

// Everything that passes over loopback while it lives. Needs CAP_NET_RAW.
class LoopbackCapture {
 public:
  LoopbackCapture() : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL))) {
    if (socket_ < 0) return;
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
    const int room = 64 * 1024 * 1024;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return;
    reader_ = std::thread([this] { read(); });
  }
  LoopbackCapture(const LoopbackCapture&) = delete;
  LoopbackCapture& operator=(const LoopbackCapture&) = delete;
  ~LoopbackCapture() {
    end();
    if (socket_ >= 0) ::close(socket_);
  }

  bool permitted() const { return reader_.joinable(); }
  // Ends it: all packets in a row, headers included.
  const std::string& end() {
    ended_ = true;
    if (reader_.joinable()) reader_.join();
    return bytes_;
  }
  // Packets that the system had to throw away.
  unsigned lost() const {
    tpacket_stats stats{};
    socklen_t size = sizeof(stats);
    ::getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
    return stats.tp_drops;
  }

 private:
  void read() {
    std::array<char, 128 * 1024> packet;
    pollfd readable{socket_, POLLIN, 0};
    for (;;) {
      const ssize_t got = ::recv(socket_, packet.data(), packet.size(), MSG_DONTWAIT);
      if (got > 0) {
        bytes_.append(packet.data(), static_cast<std::size_t>(got));
      } else if (ended_) {
        return;
      } else {
        ::poll(&readable, 1, 20);
      }
    }
  }

  int socket_;
  std::atomic<bool> ended_ = false;
  std::string bytes_;
  std::thread reader_;
};

}  // namespace dkvm::test
