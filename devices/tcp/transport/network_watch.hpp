#pragma once

#include <dkvm/context.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <functional>

namespace dkvm::tcp {

// Tells when this machine's network changes: links, addresses, routes.
class NetworkWatch {
 public:
  // Life: the context outlives it.
  explicit NetworkWatch(Context& context) : context_(context) {}
  NetworkWatch(const NetworkWatch&) = delete;
  NetworkWatch& operator=(const NetworkWatch&) = delete;
  ~NetworkWatch();

  // Errors: Errc::unsupported where the system tells nobody; links then wait for their retries.
  Result<> start(std::function<void()> changed);

 private:
  Context& context_;
  Fd socket_;
};

}  // namespace dkvm::tcp
