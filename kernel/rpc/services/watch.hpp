#pragma once

#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/switchboard.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace dkvm {

// pipelines.watch: events as they pass, for people. Costs nothing, and keeps
// nothing, when nobody has asked for kIdleNs. Key codes are kept apart and only told when asked.
// Limit: the last kEventsMax events; who is slower is told how many it missed.
class WatchService {
 public:
  static constexpr std::size_t kEventsMax = 2048;
  static constexpr std::uint64_t kIdleNs = 10'000'000'000;

  WatchService(Switchboard& switchboard, LongPolls& polls)
      : switchboard_(switchboard), polls_(polls) {}

  void add_to(ServiceTable& table);
  // Stops looking when nobody has asked for a while.
  void tick(std::uint64_t now_ns);
  // Whether events are looked at and kept.
  bool watching() const { return watching_; }

 private:
  struct Edge {
    std::string pipeline;
    std::string from;
    std::string to;
  };
  struct Seen {
    std::uint64_t sequence = 0;
    std::int64_t wall_ns = 0;
    Edge edge;
    std::string topic;
    std::string text;
    nlohmann::json values;  // the same for programs
    std::string code;       // of a key or button
  };
  struct Query {
    std::uint64_t after = 0;
    std::size_t limit = 0;
    std::string pipeline;  // empty: all
    bool codes = false;
  };

  void start(std::uint64_t now_ns);
  void see(EdgeId id, const Frame& frame);
  const Edge& edge(EdgeId id);
  Result<> watch(const ServiceCall& call, const Params& params, const Respond& respond);
  Result<Query> query_of(const Params& params) const;
  bool answer(const Query& query, bool last, const Respond& respond) const;
  static nlohmann::json describe(const Seen& seen, bool codes);

  Switchboard& switchboard_;
  LongPolls& polls_;
  std::deque<Seen> seen_;
  std::unordered_map<EdgeId, Edge> edges_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t asked_ns_ = 0;
  bool watching_ = false;
};

}  // namespace dkvm
