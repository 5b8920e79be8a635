#pragma once

#include "devices/tcp/transport/addresses.hpp"

#include <dkvm/context.hpp>
#include <dkvm/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dkvm::tcp {

// Names into addresses. The system's name service may take long and cannot be stopped, so
// it is asked on a thread of its own, which outlives whoever asked if it must.
class Resolver {
 public:
  using Done = std::function<void(std::vector<SocketAddress>, const std::string& complaint)>;

  // Life: the context outlives it.
  explicit Resolver(Context& context) : context_(context) {}
  ~Resolver() { cancel(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // All addresses of these endpoints in their order, of each name IPv6 and IPv4 in turns;
  // called back at once when they are numbers. Names that lead nowhere are in the complaint.
  void resolve(const std::vector<Endpoint>& endpoints, Done done);
  void cancel();

 private:
  struct Question;
  void answered();

  Context& context_;
  std::shared_ptr<Question> question_;  // shared with the thread that asks
  Done done_;
};

}  // namespace dkvm::tcp
