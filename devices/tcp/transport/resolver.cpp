#include "devices/tcp/transport/resolver.hpp"

#include "devices/tcp/limits.hpp"

#include <dkvm/fd.hpp>

#include <fmt/format.h>

#include <netdb.h>
#include <sys/eventfd.h>

#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace dkvm::tcp {
namespace {

struct Found {
  std::vector<SocketAddress> addresses;
  std::string complaint;
};

// One of each family after the other, in the system's order otherwise.
void interleave(std::vector<SocketAddress> of_name, std::vector<SocketAddress>& all) {
  std::vector<SocketAddress> first, others;
  for (const auto& address : of_name)
    (address.family() == of_name.front().family() ? first : others).push_back(address);
  for (std::size_t i = 0; i < std::max(first.size(), others.size()); ++i) {
    if (i < first.size()) all.push_back(first[i]);
    if (i < others.size()) all.push_back(others[i]);
  }
}

void ask(const Endpoint& endpoint, Found& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int failed = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &list);
  if (failed != 0) {
    found.complaint += fmt::format("{}looking up '{}': {}", found.complaint.empty() ? "" : "; ",
                                   endpoint.host, ::gai_strerror(failed));
    return;
  }
  std::vector<SocketAddress> of_name;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    if (of_name.size() == kResolvedMax) break;
    SocketAddress address;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.length = each->ai_addrlen;
    of_name.push_back(address);
  }
  ::freeaddrinfo(list);
  if (!of_name.empty()) interleave(std::move(of_name), found.addresses);
}

}  // namespace

struct Resolver::Question {
  std::vector<Endpoint> endpoints;
  Fd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  Found found;

  void run() {
    Found all;
    for (const Endpoint& endpoint : endpoints) ask(endpoint, all);
    const std::lock_guard lock(mutex);
    found = std::move(all);
    ::eventfd_write(bell.get(), 1);
  }
};

void Resolver::resolve(const std::vector<Endpoint>& endpoints, Done done) {
  cancel();
  std::vector<SocketAddress> numbers;
  for (const Endpoint& endpoint : endpoints)
    if (auto number = SocketAddress::from_number(endpoint)) numbers.push_back(*number);
  if (numbers.size() == endpoints.size()) return done(std::move(numbers), "");

  question_ = std::make_shared<Question>();
  question_->endpoints = endpoints;
  done_ = std::move(done);
  auto watching = context_.watch(question_->bell.get(), [this] { answered(); });
  try {
    if (watching) std::thread([question = question_] { question->run(); }).detach();
  } catch (const std::system_error& error) {
    watching = fail(Errc::exhausted, fmt::format("no thread for a name: {}", error.what()));
  }
  if (watching) return;
  const auto failed = std::exchange(done_, nullptr);
  cancel();
  failed(std::move(numbers), watching.error().message());
}

void Resolver::cancel() {
  if (!question_) return;
  context_.forget(question_->bell.get());
  question_.reset();
  done_ = nullptr;
}

void Resolver::answered() {
  Found found;
  {
    const std::lock_guard lock(question_->mutex);
    found = std::move(question_->found);
  }
  const auto done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(found.addresses), found.complaint);
}

}  // namespace dkvm::tcp
