#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

// As little HTTP as it takes to look at a server of this machine.
namespace dkvm::bench {

// A TCP connection to 127.0.0.1, as rude as whoever writes to it; closed when it is forgotten.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  Connection(Connection&& other) noexcept : fd_(other.fd_), connected_(other.connected_) {
    other.fd_ = -1;
  }
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }

  bool connected() const { return connected_; }
  bool send(std::string_view bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // All until the other side hangs up, or nothing has come for so long.
  std::string read_all(int silence_s_max) const {
    const timeval patience{silence_s_max, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::string all;
    char bytes[16 * 1024];
    for (ssize_t got = 0; (got = ::recv(fd_, bytes, sizeof(bytes), 0)) > 0;)
      all.append(bytes, static_cast<std::size_t>(got));
    return all;
  }

 private:
  int fd_;
  bool connected_ = false;
};

struct HttpAnswer {
  int status = 0;  // 0: none came
  std::string body;
};

// GET from a server at 127.0.0.1; as HTTP/1.0, so that nothing comes in chunks.
inline HttpAnswer http_get(std::uint16_t port, const std::string& target,
                           const std::string& host = "localhost") {
  constexpr int kSilenceMax = 20;
  const Connection connection(port);
  if (!connection.connected() ||
      !connection.send("GET " + target + " HTTP/1.0\r\nHost: " + host + "\r\n\r\n"))
    return {};
  const std::string all = connection.read_all(kSilenceMax);
  const std::size_t head = all.find("\r\n\r\n");
  if (!all.starts_with("HTTP/1.") || head == std::string::npos) return {};
  return {std::stoi(all.substr(9)), all.substr(head + 4)};
}

}  // namespace dkvm::bench
