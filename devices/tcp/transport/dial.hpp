#pragma once

#include "devices/tcp/transport/addresses.hpp"
#include "devices/tcp/transport/greeting.hpp"

#include <dkvm/context.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::tcp {

// A connection as a dial gives it: TLS is done and both sides have said hello.
struct Dialled {
  TlsStream stream;
  wire::LinkHelloT hello;
  SocketAddress address;
};

// One dial: a few addresses, each some time after the one before, until one answers. All of
// it gives up after kDialTimeMax, and what has answered has kHandshakeTimeMax for its hello.
class Dial {
 public:
  struct Plan {
    std::vector<SocketAddress> addresses;  // at most kDialsAtOnceMax are tried
    SSL_CTX* tls;                          // Life: as long as the dial
    std::vector<std::byte> hello;
    std::size_t unsent_bytes;
  };
  using Done = std::function<void(Result<Dialled>)>;

  // Life: the context outlives it. done is called once, later, and may destroy the dial.
  Dial(Context& context, Plan plan, Done done);
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

 private:
  struct Attempt {
    Fd socket;
    SocketAddress address;
  };

  void try_next();
  void answered(int fd);
  void greet(Attempt attempt);
  void advance();
  void give_up(const std::string& why);
  void finish(Result<Dialled> result);
  void forget_all();

  Context& context_;
  Plan plan_;
  Done done_;
  std::size_t next_ = 0;
  std::map<int, Attempt> attempts_;
  std::unique_ptr<Greeting> greeting_;
  SocketAddress address_;
  std::string complaint_ = "nobody answers";
  Context::Timer stagger_ = 0;
  Context::Timer end_ = 0;
};

}  // namespace dkvm::tcp
