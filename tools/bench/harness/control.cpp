#include "tools/bench/harness/control.hpp"

#include "tools/bench/harness/interrupt.hpp"

#include <dkvm/time.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dkvm::bench {
namespace {

constexpr int kBacklog = 512;
constexpr Conductor::Timeout kAdmitSlice{100};

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return fail(Errc::invalid, "the path of the control socket is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Error system_error(const std::string& what) {
  return Error(Errc::disconnected, what + ": " + std::strerror(errno));
}

Conductor::Timeout left_until(std::uint64_t end_ns) {
  const std::uint64_t now = now_ns();
  return Conductor::Timeout(end_ns > now ? (end_ns - now) / 1'000'000 : 0);
}

std::uint64_t end_of(Conductor::Timeout timeout) {
  return now_ns() + static_cast<std::uint64_t>(timeout.count()) * 1'000'000;
}

template <class Address>
const sockaddr* as_sockaddr(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Result<ControlLink> ControlLink::connect(const std::string& path, const std::string& name) {
  DKVM_TRY(const sockaddr_un address, address_of(path));
  detail::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), as_sockaddr(address), sizeof(address)) != 0)
    return fail(system_error("connecting to the bench at " + path));
  Introduction self;
  std::memcpy(self.name.data(), name.data(), std::min(name.size(), self.name.size() - 1));
  self.pid = ::getpid();
  self.ready_ns = now_ns();
  if (::send(fd.get(), &self, sizeof(self), MSG_NOSIGNAL) != sizeof(self))
    return fail(system_error("introducing oneself to the bench"));
  return ControlLink(std::move(fd));
}

std::optional<Order> ControlLink::next() const {
  Order order;
  ssize_t got = 0;
  do {
    got = ::recv(fd_.get(), &order, sizeof(order), 0);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof(order)) return std::nullopt;
  return order;
}

void ControlLink::report(const Outcome& outcome,
                         std::span<const std::uint32_t> latencies_ns) const {
  Outcome message = outcome;
  message.samples = latencies_ns.size();
  iovec parts[2] = {{&message, sizeof(message)},
                    {const_cast<std::uint32_t*>(latencies_ns.data()), latencies_ns.size_bytes()}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 2;
  // A bench that is gone needs no report.
  [[maybe_unused]] const ssize_t ignored = ::sendmsg(fd_.get(), &packet, MSG_NOSIGNAL);
}

Result<Conductor> Conductor::listen(const std::string& path) {
  DKVM_TRY(const sockaddr_un address, address_of(path));
  detail::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd || ::bind(fd.get(), as_sockaddr(address), sizeof(address)) != 0 ||
      ::listen(fd.get(), kBacklog) != 0)
    return fail(system_error("listening at " + path));
  return Conductor(std::move(fd), path);
}

// False when nobody came.
Result<bool> Conductor::admit(Timeout timeout) {
  DKVM_TRY(const bool ready, wait_readable(listener_.get(), timeout));
  if (!ready) return false;
  detail::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return true;
  Introduction introduction;
  if (::recv(fd.get(), &introduction, sizeof(introduction), 0) != sizeof(introduction)) return true;
  introduction.name.back() = '\0';
  endpoints_.insert_or_assign(std::string(introduction.name.data()),
                              Endpoint{std::move(fd), introduction});
  return true;
}

Result<> Conductor::admit_waiting() {
  for (bool came = true; came;) {
    DKVM_TRY(came, admit(Timeout(0)));
  }
  return {};
}

Result<> Conductor::await(std::span<const std::string> names, Timeout timeout) {
  const std::uint64_t end_ns = end_of(timeout);
  for (const std::string& name : names) {
    while (!endpoints_.contains(name)) {
      const Timeout left = left_until(end_ns);
      if (left.count() == 0) return fail(Errc::timeout, "'" + name + "' did not get ready");
      DKVM_CHECK(admit(std::min(left, kAdmitSlice)));
    }
  }
  return {};
}

Result<Introduction> Conductor::await_next(const std::string& name, std::uint64_t ready_ns,
                                           Timeout timeout) {
  const std::uint64_t end_ns = end_of(timeout);
  for (;;) {
    const auto found = endpoints_.find(name);
    if (found != endpoints_.end() && found->second.introduction.ready_ns > ready_ns)
      return found->second.introduction;
    const Timeout left = left_until(end_ns);
    if (left.count() == 0) return fail(Errc::timeout, "'" + name + "' did not come back");
    DKVM_CHECK(admit(std::min(left, kAdmitSlice)));
  }
}

const Introduction& Conductor::introduction(const std::string& name) const {
  return endpoints_.at(name).introduction;
}

Result<> Conductor::order(const std::string& name, const Order& order) {
  const auto found = endpoints_.find(name);
  if (found == endpoints_.end()) return fail(Errc::not_found, "there is no '" + name + "'");
  if (::send(found->second.fd.get(), &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
    return fail(system_error("commanding '" + name + "'"));
  return {};
}

Result<Answer> Conductor::answer(const std::string& name, Timeout timeout) {
  const auto found = endpoints_.find(name);
  if (found == endpoints_.end()) return fail(Errc::not_found, "there is no '" + name + "'");
  DKVM_TRY(const bool ready, wait_readable(found->second.fd.get(), timeout));
  if (!ready) return fail(Errc::timeout, "'" + name + "' did not report: events were lost");
  std::vector<std::uint32_t> latencies(kSamplesMax);
  Answer answer;
  iovec parts[2] = {{&answer.outcome, sizeof(answer.outcome)},
                    {latencies.data(), latencies.size() * sizeof(std::uint32_t)}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 2;
  if (::recvmsg(found->second.fd.get(), &packet, 0) < static_cast<ssize_t>(sizeof(Outcome)))
    return fail(Errc::disconnected, "'" + name + "' has ended");
  latencies.resize(std::min<std::size_t>(answer.outcome.samples, kSamplesMax));
  for (const std::uint32_t latency_ns : latencies) answer.latencies_us.push_back(latency_ns / 1e3);
  return answer;
}

}  // namespace dkvm::bench
