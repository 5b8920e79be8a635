#pragma once

#include "tools/netlab/delay_queue.hpp"
#include "tools/netlab/host.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace dkvm::netlab {

// One end of a cable: a network device in its host, and what goes wrong with what
// arrives there. Everything can be changed while traffic flows.
// Life: its host outlives it.
class CableEnd {
 public:
  const std::string& device() const { return device_; }
  const std::string& v4() const { return v4_; }  // "10.77.1.1"
  const std::string& v6() const { return v6_; }  // "fd77:1::1"

  // Loses every n-th packet that arrives, at random. percent: 0 to 100; 100 is a
  // partition, in which nobody is told anything.
  Result<> lose(unsigned percent);
  // What leaves here is held to a rate; what is more than queue_bytes behind is dropped.
  Result<> limit(std::uint64_t bits_per_s, std::uint64_t queue_bytes);
  // Everything that arrives is held back; undone by undelay().
  Result<> delay(const Delay& delay);
  Result<> undelay();
  // The addresses of this end go, others come: what uses the old ones is dead.
  Result<> move_to(const std::string& v4, const std::string& v6);

 private:
  friend class Cable;
  CableEnd(const Host& host, std::string device, std::string v4, std::string v6, unsigned number)
      : host_(&host),
        device_(std::move(device)),
        v4_(std::move(v4)),
        v6_(std::move(v6)),
        number_(number) {}

  Result<> set_up();
  Result<> divert(const char* verb);

  const Host* host_;
  std::string device_;
  std::string v4_;
  std::string v6_;
  unsigned number_;
  std::unique_ptr<DelayQueue> held_;
};

// Joins two hosts with Ethernet, IPv4 (10.77.N.1 and .2) and IPv6 (fd77:N::1 and ::2).
// Packets are no longer than on a wire: no offload hides what loss and rates do.
class Cable {
 public:
  // number: 1 to 250, and another for each cable of a host.
  static Result<Cable> lay(const Host& a, const Host& b, unsigned number);

  CableEnd& a() { return a_; }
  CableEnd& b() { return b_; }

  // Both ends lose their carrier, as when somebody pulls the plug.
  Result<> pull();
  // Returns when the system has noticed.
  Result<> plug();
  // Nothing arrives any more at either end, and nobody is told.
  Result<> cut();
  Result<> mend();

 private:
  Cable(const Host& a, const Host& b, CableEnd end_a, CableEnd end_b)
      : host_a_(&a), host_b_(&b), a_(std::move(end_a)), b_(std::move(end_b)) {}

  Result<> await_carrier();

  const Host* host_a_;
  const Host* host_b_;
  CableEnd a_;
  CableEnd b_;
};

}  // namespace dkvm::netlab
