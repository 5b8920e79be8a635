#pragma once

#include "devices/metrics/snapshot.hpp"

#include <dkvm/rpc.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace dkvm::metrics {

// How the collector calls: the kernel in the device, a list in a test.
struct Calls {
  // Returns the call's number; on_answer comes once, and later.
  std::function<Result<std::uint64_t>(std::string target, std::string method, std::string body,
                                      std::function<void(Answer)> on_answer)>
      call;
  // Its on_answer will not come.
  std::function<void(std::uint64_t number)> cancel;
};

// Asks for all that a page of metrics is made of: every list, page by page, all lists at
// a time. One that fails leaves the others alone.
// Life: the calls outlive it
class Collector {
 public:
  using Done = std::function<void(Snapshot)>;

  explicit Collector(Calls calls) : calls_(std::move(calls)) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector();

  bool busy() const { return outstanding_ != 0; }
  // Not while it is busy. `done` is called once: in this call, later, or by give_up().
  void collect(Done done);
  // What has no answer yet has none: `timeout`.
  void give_up();

 private:
  // One list of pages.
  struct List {
    std::string target;
    std::string method;
    Json params;
    std::function<void(Json page)> take;
    std::size_t pages = 0;
  };
  struct Waiting {
    std::uint64_t number;
    std::string target;
    std::string method;
    bool operator<(const Waiting& other) const { return number < other.number; }
  };

  void begin(List list);
  void ask(List list);
  void answered(List list, const Answer& answer);
  Result<> take_page(List& list, const Answer& answer);
  void ask_links();
  void end_one();

  Calls calls_;
  Done done_;
  Snapshot snapshot_;
  std::size_t outstanding_ = 0;  // lists
  std::set<Waiting> waiting_;
};

}  // namespace dkvm::metrics
