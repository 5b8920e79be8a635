#include "tests/integration/netlab/pinger.hpp"

#include <dkvm/time.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace dkvm::test {
namespace {

constexpr std::uint16_t kPort = 7;
constexpr std::size_t kDatagramBytesMax = 2048;

struct Ping {
  std::uint64_t course = 0;  // those of an earlier one are not counted
  std::uint64_t number = 0;
  std::uint64_t sent_ns = 0;
};

sockaddr_storage address_of(const std::string& text, socklen_t& length) {
  sockaddr_storage storage{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(kPort);
    length = sizeof(v6);
  } else if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(kPort);
    length = sizeof(v4);
  } else {
    throw std::runtime_error("no address: " + text);
  }
  return storage;
}

void checked(int result, const char* what) {
  if (result != 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Pinger::Pinger(const netlab::Host& from, const netlab::Host& at, const std::string& to) {
  socklen_t length = 0;
  const sockaddr_storage address = address_of(to, length);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const auto make = [&](const netlab::Host& host) {
    const netlab::Inside inside(host);
    return Fd(::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  };
  there_ = make(at);
  here_ = make(from);
  constexpr int kQueueBytes = 4 * 1024 * 1024;  // what is lost is lost between the two
  for (const int socket : {there_.get(), here_.get()})
    for (const int option : {SO_SNDBUFFORCE, SO_RCVBUFFORCE})
      checked(::setsockopt(socket, SOL_SOCKET, option, &kQueueBytes, sizeof(kQueueBytes)),
              "setsockopt");
  checked(::bind(there_.get(), generic, length), "bind");
  checked(::connect(here_.get(), generic, length), "connect");
}

Pinger::Outcome Pinger::ping(const Course& course) {
  static std::uint64_t courses = 0;
  ++courses;
  Outcome outcome;
  std::uint64_t sent = 0;
  std::uint64_t latest = 0;
  std::array<char, kDatagramBytesMax> bytes{};
  const std::uint64_t start_ns = now_ns();
  const auto every_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(course.every).count());
  const auto count = static_cast<std::uint64_t>(course.count);
  const std::uint64_t end_ns =
      start_ns + count * every_ns +
      static_cast<std::uint64_t>(std::chrono::nanoseconds(course.patience).count());
  const auto ours = [&](ssize_t got, Ping& ping) {
    if (got < static_cast<ssize_t>(sizeof(ping))) return false;
    std::memcpy(&ping, bytes.data(), sizeof(ping));
    return ping.course == courses;
  };
  while (now_ns() < end_ns && outcome.round_trips_ms.size() < count) {
    for (; sent < count && now_ns() >= start_ns + sent * every_ns; ++sent) {
      const Ping ping{courses, sent + 1, now_ns()};
      std::memcpy(bytes.data(), &ping, sizeof(ping));
      ::send(here_.get(), bytes.data(), course.bytes, 0);  // a network that is down is no error
    }
    std::array<pollfd, 2> waiting = {pollfd{here_.get(), POLLIN, 0},
                                     pollfd{there_.get(), POLLIN, 0}};
    ::poll(waiting.data(), waiting.size(), 1);
    Ping ping;
    sockaddr_storage from{};
    socklen_t length = sizeof(from);
    auto* generic = reinterpret_cast<sockaddr*>(&from);
    for (ssize_t got;
         (got = ::recvfrom(there_.get(), bytes.data(), bytes.size(), 0, generic, &length)) > 0;
         length = sizeof(from)) {
      if (!ours(got, ping)) continue;
      const std::uint64_t now = now_ns();
      outcome.arrivals_ms.push_back(static_cast<double>(now - ping.sent_ns) / 1e6);
      outcome.lasted_s = static_cast<double>(now - start_ns) / 1e9;
      if (ping.number < latest) ++outcome.overtaken;
      latest = std::max(latest, ping.number);
      ::sendto(there_.get(), bytes.data(), static_cast<std::size_t>(got), 0, generic, length);
    }
    for (ssize_t got; (got = ::recv(here_.get(), bytes.data(), bytes.size(), 0)) > 0;)
      if (ours(got, ping))
        outcome.round_trips_ms.push_back(static_cast<double>(now_ns() - ping.sent_ns) / 1e6);
  }
  return outcome;
}

bool Pinger::reaches(std::chrono::milliseconds patience) {
  return !ping({.count = 1, .patience = patience}).round_trips_ms.empty();
}

}  // namespace dkvm::test
