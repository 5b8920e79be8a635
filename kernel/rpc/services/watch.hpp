#pragma once

#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/switchboard.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace dkvm {

// pipelines.watch: events as they pass, for people. Costs nothing while nobody
// has asked for kIdleNs. Key codes are kept apart and only told when asked.
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
    std::string code;  // of a key or button
  };

  void start(std::uint64_t now_ns);
  void see(EdgeId id, const Frame& frame);
  const Edge& edge(EdgeId id);
  bool knows(const std::string& pipeline) const;
  bool answer(std::uint64_t after, std::size_t limit, const std::string& pipeline, bool codes,
              bool last, const ServiceTable::Respond& respond) const;

  Switchboard& switchboard_;
  LongPolls& polls_;
  std::deque<Seen> seen_;
  std::unordered_map<EdgeId, Edge> edges_;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t asked_ns_ = 0;
  bool watching_ = false;
};

}  // namespace dkvm
