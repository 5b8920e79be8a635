#include "devices/tcp/transport/dial.hpp"

#include "devices/tcp/limits.hpp"
#include "devices/tcp/transport/sockets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace dkvm::tcp {

Dial::Dial(Context& context, Plan plan, Done done)
    : context_(context), plan_(std::move(plan)), done_(std::move(done)) {
  if (plan_.addresses.size() > kDialsAtOnceMax) plan_.addresses.resize(kDialsAtOnceMax);
  end_ = context_.after(kDialTimeMax, [this] {
    give_up(fmt::format("{} within {} ms", complaint_, kDialTimeMax.count()));
  });
  stagger_ = context_.after(std::chrono::nanoseconds{0}, [this] { try_next(); });
}

Dial::~Dial() { forget_all(); }

void Dial::try_next() {
  context_.cancel_timer(stagger_);
  while (next_ < plan_.addresses.size()) {
    const SocketAddress address = plan_.addresses[next_++];
    auto socket = connect_to(address);
    const int fd = socket ? socket->get() : -1;
    auto watching =
        !socket ? Result<>(fail(socket.error())) : context_.watch(fd, [this, fd] { answered(fd); });
    if (!watching) {
      complaint_ = watching.error().message();
      continue;
    }
    context_.watch_writable(fd, true);
    attempts_.emplace(fd, Attempt{std::move(*socket), address});
    if (next_ < plan_.addresses.size())
      stagger_ = context_.after(kDialStagger, [this] { try_next(); });
    return;
  }
  if (attempts_.empty()) give_up(complaint_);
}

void Dial::answered(int fd) {
  const auto found = attempts_.find(fd);
  if (found == attempts_.end()) return;
  const auto [error, connected] = connect_state(fd);
  if (error == 0 && !connected) return;
  context_.forget(fd);
  Attempt attempt = std::move(found->second);
  attempts_.erase(found);
  if (connected) return greet(std::move(attempt));
  complaint_ = fmt::format("dialling {}: {}", attempt.address.text(), std::strerror(error));
  try_next();
}

void Dial::greet(Attempt attempt) {
  forget_all();
  address_ = attempt.address;
  prepare_connection(attempt.socket.get(), plan_.unsent_bytes);
  auto stream = TlsStream::start(std::move(attempt.socket), plan_.tls, TlsStream::Role::client);
  if (!stream) return give_up(stream.error().message());
  greeting_ = std::make_unique<Greeting>(std::move(*stream), std::move(plan_.hello));
  end_ = context_.after(kHandshakeTimeMax, [this] {
    give_up(fmt::format("{} did not say hello within {} ms", address_.text(),
                        kHandshakeTimeMax.count()));
  });
  if (const auto watching = context_.watch(greeting_->fd(), [this] { advance(); }); !watching)
    return give_up(watching.error().message());
  advance();
}

void Dial::advance() {
  const auto greeted = greeting_->advance();
  if (!greeted) return finish(fail(Error(greeted.error()).within(address_.text())));
  if (!*greeted) return context_.watch_writable(greeting_->fd(), greeting_->wants_write());
  const auto greeting = std::move(greeting_);
  context_.forget(greeting->fd());
  finish(Dialled{std::move(greeting->stream()), greeting->hello(), address_});
}

void Dial::give_up(const std::string& why) { finish(fail(Errc::disconnected, why)); }

void Dial::finish(Result<Dialled> result) {
  forget_all();
  const auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

void Dial::forget_all() {
  context_.cancel_timer(stagger_);
  context_.cancel_timer(end_);
  for (const auto& [fd, attempt] : attempts_) context_.forget(fd);
  attempts_.clear();
  if (greeting_) context_.forget(greeting_->fd());
  greeting_.reset();
}

}  // namespace dkvm::tcp
