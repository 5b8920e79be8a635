#pragma once

#include "devices/metrics/http_client.hpp"
#include "devices/tcp/transport/addresses.hpp"

#include <dkvm/context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::metrics {

// HTTP on the device's loop, for one page. A client that is slow, silent or rude holds up
// itself: each has its times and its bytes, and when there are kClientsMax, the one that
// has been idle longest makes room for the next; while all of them wait for the page, the
// next waits at the door.
// Life: the context outlives the server; its thread only
class HttpServer {
 public:
  // Takes the page, now or later, once.
  using GivePage = std::function<void(Text page)>;
  struct Counts {
    std::map<int, std::uint64_t> by_status;
    std::uint64_t turned_away = 0;
  };

  HttpServer(Context& context, std::function<void(GivePage)> page)
      : context_(context), page_(std::move(page)) {}
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Errors: those of tcp::listen_at(), Errc::invalid for an address that `reach` leaves
  //         nobody for.
  Result<> open(const std::vector<tcp::Endpoint>& addresses, tcp::Reach reach);
  std::vector<std::string> listening() const;
  const Counts& counts() const { return counts_; }

 private:
  using Id = std::uint64_t;

  Result<> watch_doors();
  void accept_from(int door);
  void pause();
  void meet(Fd socket, const tcp::SocketAddress& from);
  bool all_wait() const;
  void make_room();
  void serve(Id id);
  void take_requests(Id id);
  void respond(Id id, const HttpRequest& request);
  void answer(Id id, int status, std::string_view text);
  void follow_up(Id id);
  void drop(Id id);
  void arm_sweep();
  void sweep();
  void turned_away(const std::string& who, const std::string& why);

  Context& context_;
  std::function<void(GivePage)> page_;
  tcp::Reach reach_ = tcp::Reach::loopback;
  std::vector<Fd> doors_;
  std::map<Id, HttpClient> clients_;
  Id last_ = 0;
  Counts counts_;
  Context::Timer sweep_timer_ = 0;
  Context::Timer pause_timer_ = 0;
  std::uint64_t logged_ns_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // pages may come after the end
};

}  // namespace dkvm::metrics
