#pragma once

#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <string>

// A lab of networks: hosts are network namespaces without names, so nothing is left
// of them when the process that made them ends, in whatever way.
namespace dkvm::netlab {

// Why this process cannot make hosts, and what to do about it; empty when it can.
std::string why_not();

// A host with a network of its own: its own loopback, and the cables laid to it.
class Host {
 public:
  // Errors: Errc::denied when this process may not make one.
  static Result<Host> make();

  // The namespace as a file: for setns(), and for `nsenter --net=` while the maker lives.
  int fd() const { return network_.get(); }
  std::string path() const;

 private:
  explicit Host(Fd network) : network_(std::move(network)) {}

  Fd network_;
};

// The calling thread is in the host while this lives: sockets that it makes, and
// processes that it starts, are there for good.
// Life: destroyed by the same thread; the host outlives it.
class Inside {
 public:
  explicit Inside(const Host& host);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Fd outside_;
};

}  // namespace dkvm::netlab
