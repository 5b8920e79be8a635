#pragma once

#include "pipelines/graph.hpp"
#include "pipelines/sink_messages.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::detail {

struct Pipeline {
  PipelineSpec spec;
  TopicSet events;
  std::shared_ptr<const Stages> stages;
  std::vector<std::unique_ptr<Edge>> edges;  // also those that wait for a device
  std::vector<std::string> missing;
  bool open = true;  // else its edges are closed: nothing goes through them
};

// How the input comes to a target.
struct Opening {
  const CodeBits& withheld;              // modifiers that are not pressed there
  const PointerMotion* enter = nullptr;  // before all else
  // Whether what this source holds is for the target.
  std::function<bool(const SourcePort&)> flows{};
};

// Which pipelines are wanted, which devices are there, and the edges that
// follow from both.
class Topology {
 public:
  Topology(RouterHost& host, DeviceTable& devices, Refreshes& refreshes, Queues& queues,
           HeldInput& held, Settler& settler, SinkMessages& messages);

  // The contracts are Router's.
  void device_up(DeviceId id, std::string name, std::uint32_t incarnation, bool relays,
                 std::span<const RoutedPort> ports, std::uint64_t now_ns);
  void device_down(DeviceId id, std::uint64_t now_ns);
  void port_up(DeviceId id, RoutedPort port, std::uint64_t now_ns);
  void port_down(PortRef ref, std::uint64_t now_ns);
  Result<> apply(std::vector<PipelineSpec> specs, std::uint64_t now_ns);
  Result<> add(PipelineSpec spec, std::uint64_t now_ns);
  Result<> remove(std::string_view name, std::uint64_t now_ns);
  Result<> enable(std::string_view name, bool enabled, std::uint64_t now_ns);
  void release_all(std::uint64_t now_ns);
  bool settled(DeviceId source) const;
  std::vector<BufferConsumer> consumers_of(PortRef source) const;
  std::uint64_t published(DeviceId source) const;
  std::vector<PipelineStats> stats() const;
  std::vector<PipelineSummary> summaries() const;
  std::optional<PipelineSummary> summary_of(std::string_view pipeline) const;
  std::vector<EdgeStats> edges_of(std::string_view pipeline, EdgeId after,
                                  std::size_t edges_max) const;
  std::vector<EdgeStats> edges(EdgeId after, std::size_t edges_max) const;
  std::size_t pipelines() const { return pipelines_.size(); }

  // --- for switches ---------------------------------------------------------------
  // Null when there is none of that name.
  const Pipeline* pipeline(std::string_view name) const;
  // What its edges hold is released.
  void close(std::string_view pipeline, std::uint64_t now_ns);
  void open(std::string_view pipeline, const Opening& how, std::uint64_t now_ns);
  // Sources that how.flows() names have joined those that were there at open().
  void join(std::string_view pipeline, const Opening& how, std::uint64_t now_ns);

  // Ends retired edges with nothing queued and nothing unconfirmed.
  void bury_finished();

 private:
  // --- topology.cpp: devices, ports, edges -----------------------------------------
  void open_port(Device& device, const RoutedPort& info);
  void close_source(SourcePort& port, std::uint64_t now_ns);
  void close_sink(SinkPort& port);
  std::vector<PortView> list_ports(std::string_view device) const;
  void refit_device(const Device& device, std::uint64_t now_ns);
  void refit(Pipeline& pipeline, std::uint64_t now_ns);
  Edge& edge_for(Pipeline& pipeline, const EdgePlan& plan);
  void connect(Pipeline& pipeline, const EdgePlan& plan, std::uint64_t now_ns);
  void drop_leftovers(Pipeline& pipeline, const std::vector<EdgeId>& wanted, bool keep_waiting,
                      std::uint64_t now_ns);

  // --- topology_links.cpp: the two ends of an edge ------------------------------------
  void link_source(Edge& edge, SourcePort& port);
  void unlink_source(Edge& edge, std::uint64_t now_ns);
  void link_sink(Edge& edge, SinkPort& port, std::uint64_t now_ns);
  void unlink_sink(Edge& edge);
  void retire(std::unique_ptr<Edge> edge, std::uint64_t now_ns);
  void bury(Edge& edge);
  void note_feed(Edge& edge, PortRef source);

  // --- topology_switches.cpp ---------------------------------------------------------
  void set_topics(Edge& edge, std::uint64_t now_ns);
  void press_modifiers(const Pipeline& pipeline, const Opening& how, std::uint64_t now_ns);

  // --- topology_pipelines.cpp ------------------------------------------------------
  Result<std::unique_ptr<Pipeline>> build(PipelineSpec spec);
  void replace(Pipeline& old, std::unique_ptr<Pipeline> fresh, std::uint64_t now_ns);
  void discard(std::unique_ptr<Pipeline> pipeline, std::uint64_t now_ns);

  // --- topology_stats.cpp ----------------------------------------------------------
  std::vector<const Edge*> all_edges(const Pipeline& pipeline) const;
  PipelineSummary summary_of(const Pipeline& pipeline) const;

  RouterHost& host_;
  DeviceTable& devices_;
  Refreshes& refreshes_;
  Queues& queues_;
  HeldInput& held_;
  Settler& settler_;
  SinkMessages& messages_;
  std::map<std::string, std::unique_ptr<Pipeline>, std::less<>> pipelines_;
  std::vector<std::unique_ptr<Edge>> retired_;  // still queued or not yet applied
  EdgeId edge_id_last_ = 0;
};

}  // namespace dkvm::detail
