#include "devices/tcp/transport/doorkeeper.hpp"

#include "devices/tcp/limits.hpp"
#include "devices/tcp/transport/sockets.hpp"

#include <dkvm/log.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace dkvm::tcp {
namespace {

enum class FirstBytes { none, some, gone };

FirstBytes first_bytes(int fd) {
  char byte = 0;
  const ssize_t got = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return FirstBytes::some;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? FirstBytes::none : FirstBytes::gone;
}

}  // namespace

Result<> Doorkeeper::open(const std::vector<Endpoint>& addresses, Reach reach, SSL_CTX* tls,
                          Admit admit) {
  reach_ = reach;
  tls_ = tls;
  admit_ = std::move(admit);
  for (const Endpoint& endpoint : addresses) {
    auto address = SocketAddress::from_number(endpoint);
    if (!address) return fail(std::move(address).error().within("listening"));
    auto door = listen_at(*address);
    // A machine without IPv6 listens at what else there is.
    if (!door && door.error().code() == Errc::unsupported && addresses.size() > 1) {
      log_warning(door.error().message());
      continue;
    }
    if (!door) return fail(std::move(door).error());
    doors_.push_back(std::move(*door));
  }
  if (doors_.empty()) return fail(Errc::unsupported, "there is no address to listen at");
  return watch_doors();
}

void Doorkeeper::close() {
  context_.cancel_timer(pause_timer_);
  context_.cancel_timer(sweep_timer_);
  for (const Fd& door : doors_) context_.forget(door.get());
  doors_.clear();
  while (!strangers_.empty()) drop(strangers_.begin()->first, "");
}

std::vector<std::string> Doorkeeper::listening() const {
  std::vector<std::string> texts;
  for (const Fd& door : doors_) texts.push_back(local_address(door.get()).text());
  return texts;
}

Result<> Doorkeeper::watch_doors() {
  for (const Fd& door : doors_)
    DKVM_CHECK(context_.watch(door.get(), [this, fd = door.get()] { accept_from(fd); }));
  return {};
}

void Doorkeeper::accept_from(int door) {
  for (std::size_t i = 0; i < kAcceptsPerTurnMax; ++i) {
    SocketAddress from;
    from.length = sizeof(from.storage);
    Fd socket(::accept4(door, from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      meet(std::move(socket), from);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      return pause();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

// Who waits stays readable at the door, which would spin.
void Doorkeeper::pause() {
  log_warning("no descriptor is left for another connection");
  for (const Fd& door : doors_) context_.forget(door.get());
  context_.cancel_timer(pause_timer_);
  pause_timer_ = context_.after(kAcceptPause, [this] {
    if (const auto watching = watch_doors(); !watching) log_error(watching.error().message());
  });
}

void Doorkeeper::meet(Fd socket, const SocketAddress& from) {
  if (!within(reach_, from))
    return turned_away(from.text(), "it is not on the LAN, and reach is lan");
  const std::string host = from.neighbourhood();
  while (const Id in_the_way = waiting_.in_the_way(host)) {
    ready(in_the_way);  // whose first bytes have come by now is no idler
    if (waiting_.contains(in_the_way)) drop(in_the_way, "it says nothing, and others come");
  }
  const Id id = ++last_;
  const int fd = socket.get();
  strangers_.emplace(id, Stranger{std::move(socket), nullptr, from.text(), host});
  waiting_.add(id, host, now_ns());
  if (const auto watching = context_.watch(fd, [this, id] { ready(id); }); !watching)
    return drop(id, watching.error().message());
  ready(id);
  arm();
}

void Doorkeeper::ready(Id id) {
  const auto found = strangers_.find(id);
  if (found == strangers_.end()) return;
  if (found->second.greeting) return advance(id);
  switch (first_bytes(found->second.socket.get())) {
    case FirstBytes::none: return;
    case FirstBytes::gone: return drop(id, "it has left without a word");
    case FirstBytes::some: return greet(id);
  }
}

void Doorkeeper::greet(Id id) {
  Stranger& stranger = strangers_.at(id);
  waiting_.remove(id);
  while (const Id in_the_way = greeted_.in_the_way(stranger.host))
    drop(in_the_way, "its handshake takes long, and others come");
  prepare_connection(stranger.socket.get(), kInputUnsentBytesMax);
  const int fd = stranger.socket.get();
  auto stream = TlsStream::start(std::move(stranger.socket), tls_, TlsStream::Role::server);
  if (!stream) {
    context_.forget(fd);
    return drop(id, stream.error().message());
  }
  stranger.greeting = std::make_unique<Greeting>(std::move(*stream));
  greeted_.add(id, stranger.host, now_ns());
  advance(id);
}

void Doorkeeper::advance(Id id) {
  Greeting& greeting = *strangers_.at(id).greeting;
  const auto done = greeting.advance();
  if (!done) return drop(id, done.error().message());
  if (*done) return finish(id);
  context_.watch_writable(greeting.fd(), greeting.wants_write());
}

void Doorkeeper::finish(Id id) {
  auto known = strangers_.extract(id);
  greeted_.remove(id);
  Stranger& stranger = known.mapped();
  context_.forget(stranger.greeting->fd());
  const auto admitted =
      admit_(std::move(stranger.greeting->stream()), stranger.greeting->hello(), stranger.address);
  if (!admitted) turned_away(stranger.address, admitted.error().message());
}

void Doorkeeper::drop(Id id, const std::string& why) {
  const auto found = strangers_.find(id);
  if (found == strangers_.end()) return;
  waiting_.remove(id);
  greeted_.remove(id);
  const Stranger stranger = std::move(found->second);
  strangers_.erase(found);
  const int fd = stranger.greeting ? stranger.greeting->fd() : stranger.socket.get();
  if (fd >= 0) context_.forget(fd);
  if (!why.empty()) turned_away(stranger.address, why);
}

// A crowd must not fill the log.
void Doorkeeper::turned_away(const std::string& address, const std::string& why) {
  const std::uint64_t now = now_ns();
  const auto pause =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(kStrangerLogPause).count());
  if (logged_ns_ != 0 && now < logged_ns_ + pause) {
    ++unlogged_;
    return;
  }
  logged_ns_ = now;
  const std::uint64_t others = std::exchange(unlogged_, 0);
  log_warning(fmt::format("turned away {}: {}{}", address, why,
                          others == 0 ? "" : fmt::format(" (and {} others before)", others)));
}

void Doorkeeper::arm() {
  const std::uint64_t waiting = waiting_.due_ns(), greeted = greeted_.due_ns();
  const std::uint64_t due =
      waiting == 0 || greeted == 0 ? waiting + greeted : std::min(waiting, greeted);
  if (due == 0 || (sweep_ns_ != 0 && sweep_ns_ <= due)) return;
  context_.cancel_timer(sweep_timer_);
  sweep_ns_ = due;
  sweep_timer_ = context_.at(due, [this] { sweep(); });
}

void Doorkeeper::sweep() {
  sweep_ns_ = 0;
  const std::uint64_t now = now_ns();
  for (const Id id : waiting_.expired(now)) drop(id, "it has said nothing for 2 s");
  for (const Id id : greeted_.expired(now)) drop(id, "it has not said hello within 2 s");
  arm();
}

}  // namespace dkvm::tcp
