#include "devices/metrics/http_server.hpp"

#include "devices/metrics/limits.hpp"
#include "devices/tcp/transport/sockets.hpp"

#include <dkvm/log.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace dkvm::metrics {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";
// How often clients that are over their time are looked for.
constexpr std::chrono::milliseconds kSweepEvery{500};

}  // namespace

HttpServer::~HttpServer() {
  *alive_ = false;
  context_.cancel_timer(sweep_timer_);
  context_.cancel_timer(pause_timer_);
  for (const auto& [id, client] : clients_) context_.forget(client.fd());
  for (const Fd& door : doors_) context_.forget(door.get());
}

// --- at the door

Result<> HttpServer::open(const std::vector<tcp::Endpoint>& addresses, tcp::Reach reach) {
  reach_ = reach;
  for (const tcp::Endpoint& endpoint : addresses) {
    DKVM_TRY(const tcp::SocketAddress address, tcp::SocketAddress::from_number(endpoint));
    if (reach == tcp::Reach::loopback && !tcp::is_loopback(address))
      return fail(Errc::invalid,
                  fmt::format("'listen' is {}, which others reach too, and 'reach' is loopback: "
                              "expected 127.0.0.1 or [::1], or reach: lan",
                              endpoint.text()));
    DKVM_TRY(Fd door, tcp::listen_at(address));
    doors_.push_back(std::move(door));
  }
  return watch_doors();
}

std::vector<std::string> HttpServer::listening() const {
  std::vector<std::string> texts;
  for (const Fd& door : doors_) texts.push_back(tcp::local_address(door.get()).text());
  return texts;
}

Result<> HttpServer::watch_doors() {
  for (const Fd& door : doors_)
    DKVM_CHECK(context_.watch(door.get(), [this, fd = door.get()] { accept_from(fd); }));
  return {};
}

void HttpServer::accept_from(int door) {
  for (std::size_t i = 0; i < kAcceptsPerTurnMax; ++i) {
    if (clients_.size() >= kClientsMax && all_wait()) return pause();  // for a page, which comes
    tcp::SocketAddress from;
    from.length = sizeof(from.storage);
    Fd socket(::accept4(door, from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      meet(std::move(socket), from);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      log_warning("no descriptor is left for another client");
      return pause();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

// Who waits stays readable at the door, which would spin.
void HttpServer::pause() {
  for (const Fd& door : doors_) context_.forget(door.get());
  pause_timer_ = context_.after(kAcceptPause, [this] {
    if (const auto watching = watch_doors(); !watching) {
      log_error(watching.error().message());
      pause();
    }
  });
}

void HttpServer::meet(Fd socket, const tcp::SocketAddress& from) {
  if (!tcp::within(reach_, from))
    return turned_away(from.text(), "it is farther away than reach allows");
  if (clients_.size() >= kClientsMax) make_room();
  const Id id = ++last_;
  const int fd = socket.get();
  clients_.emplace(id, HttpClient(std::move(socket), now_ns()));
  if (clients_.size() == 1) arm_sweep();
  if (const auto watching = context_.watch(fd, [this, id] { serve(id); }); !watching) {
    log_error(watching.error().message());
    drop(id);
  }
}

bool HttpServer::all_wait() const {
  return std::ranges::all_of(
      clients_, [](const auto& each) { return each.second.phase() == HttpClient::Phase::waiting; });
}

// Those who have asked for nothing go first, the one with the least time left before the
// others; then those who do not take what they asked for.
void HttpServer::make_room() {
  const auto first_to_go = [](const auto& a, const auto& b) {
    return std::pair(a.second.has_asked(), a.second.due_ns()) <
           std::pair(b.second.has_asked(), b.second.due_ns());
  };
  const auto found = std::min_element(clients_.begin(), clients_.end(), first_to_go);
  turned_away("a client", "it is idle or slow, and others come");
  drop(found->first);
}

void HttpServer::turned_away(const std::string& who, const std::string& why) {
  ++counts_.turned_away;
  const std::uint64_t now = now_ns();
  constexpr auto kPauseNs = std::uint64_t{std::chrono::nanoseconds(kRefusalLogPause).count()};
  if (logged_ns_ != 0 && now - logged_ns_ < kPauseNs) return;
  logged_ns_ = now;
  log_warning(fmt::format("turned away {}: {} ({} in all)", who, why, counts_.turned_away));
}

// --- its clients

void HttpServer::serve(Id id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  HttpClient& client = found->second;
  if (client.phase() == HttpClient::Phase::sending) client.send(now_ns());
  client.receive(now_ns());
  take_requests(id);
}

void HttpServer::take_requests(Id id) {
  HttpClient::Head head;
  for (auto found = clients_.find(id); found != clients_.end() && found->second.next_head(head);
       found = clients_.find(id)) {
    if (head.status != 0)
      answer(id, head.status, status_line(head.status));
    else
      respond(id, head.request);
  }
  follow_up(id);
}

void HttpServer::respond(Id id, const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return answer(id, 405, "expected GET or HEAD");
  if (reach_ == tcp::Reach::loopback && !is_local_host(request.host))
    return answer(id, 403, "this is for programs of this machine: expected the host localhost");
  if (request.path == "/") return answer(id, 200, "the metrics of dKVM are at /metrics");
  if (request.path != "/metrics") return answer(id, 404, "expected /metrics");
  clients_.at(id).wait();
  page_([this, id, alive = alive_](Text page) {
    if (!*alive) return;
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    ++counts_.by_status[200];
    found->second.answer(200, kExposition, std::move(page), now_ns());
    take_requests(id);
  });
}

void HttpServer::answer(Id id, int status, std::string_view text) {
  ++counts_.by_status[status];
  clients_.at(id).answer(status, kPlain,
                         std::make_shared<const std::string>(fmt::format("{}\n", text)), now_ns());
}

void HttpServer::follow_up(Id id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  const HttpClient& client = found->second;
  if (client.phase() == HttpClient::Phase::over) return drop(id);
  context_.watch_writable(client.fd(), client.phase() == HttpClient::Phase::sending);
}

void HttpServer::drop(Id id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  context_.forget(found->second.fd());
  clients_.erase(found);
}

// Without clients there is nothing to wake up for.
void HttpServer::arm_sweep() {
  context_.cancel_timer(sweep_timer_);
  sweep_timer_ = context_.after(kSweepEvery, [this] { sweep(); });
}

void HttpServer::sweep() {
  const std::uint64_t now = now_ns();
  std::vector<Id> late;
  for (const auto& [id, client] : clients_)
    if (client.due_ns() <= now) late.push_back(id);
  for (const Id id : late) {
    // Idleness between requests is no offence.
    if (clients_.at(id).has_asked()) turned_away("a client", "it does not take its page");
    drop(id);
  }
  if (!clients_.empty()) arm_sweep();
}

}  // namespace dkvm::metrics
