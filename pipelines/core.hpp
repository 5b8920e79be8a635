#pragma once

#include "pipelines/body_pool.hpp"
#include "pipelines/device.hpp"
#include "pipelines/graph.hpp"
#include "pipelines/made.hpp"
#include "pipelines/router.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkvm::detail {

// Large lanes that nobody used for this long give their memory back.
inline constexpr std::uint64_t kIdleNs = 1'000'000'000;
// `max_age` on links and on sinks that press keys on a real machine.
inline constexpr std::uint64_t kMaxAgeDefaultNs = 1'000'000'000;

struct Pipeline {
  PipelineSpec spec;
  TopicSet events;
  std::shared_ptr<const Stages> stages;
  std::vector<std::unique_ptr<Edge>> edges;  // also those that wait for a device
  std::vector<std::string> missing;
};

// An event on its way in, common to all edges of its source.
struct Incoming {
  Frame frame;  // its header is as it goes out, but for port and sequence
  std::uint64_t received_ns = 0;
  std::uint64_t age_ns = 0;
};

// The router's state and the work on it, by files: which pipelines there are
// (core_pipelines), who is connected (core_topology), what happens to an event
// on its way in (core_publish, core_input) and out (core_take), how a queue is
// put right after a loss (core_settle), and what flows back (core_flow).
// Declarations here stand in that order.
class RouterCore {
 public:
  RouterCore(std::uint64_t kernel_id, RouterHost& host);
  ~RouterCore();
  RouterCore(const RouterCore&) = delete;
  RouterCore& operator=(const RouterCore&) = delete;

  // The contracts are Router's.
  void device_up(DeviceId id, std::string name, std::uint32_t incarnation, bool relays,
                 std::span<const Port> ports, std::uint64_t now_ns);
  void device_down(DeviceId id, std::uint64_t now_ns);
  void port_up(DeviceId id, Port port, std::uint64_t now_ns);
  void port_down(PortRef ref, std::uint64_t now_ns);
  Result<> apply(std::vector<PipelineSpec> specs, std::uint64_t now_ns);
  Result<> add(PipelineSpec spec, std::uint64_t now_ns);
  Result<> remove(std::string_view name, std::uint64_t now_ns);
  Result<> enable(std::string_view name, bool enabled, std::uint64_t now_ns);

  void publish(PortRef source, const Frame& frame, std::uint64_t received_ns);
  std::size_t take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                   std::uint64_t now_ns);
  bool has_entries(DeviceId sink) const;
  void applied(PortRef sink, std::uint64_t sequence, std::uint64_t now_ns);

  void pause(PortRef sink);
  void resume(PortRef sink);
  Result<> upstream(PortRef sink, const Frame& frame, std::uint64_t now_ns);
  std::vector<std::uint16_t> codes_to_release(DeviceId sink) const;
  void release_all(std::uint64_t now_ns);
  bool settled(DeviceId source) const;
  std::uint64_t deadline() const;
  void tick(std::uint64_t now_ns);
  void set_tap(std::function<void(EdgeId, const Frame&)> tap) { tap_ = std::move(tap); }
  std::vector<PipelineStats> stats() const;
  std::optional<PipelineStats> stats_of(std::string_view pipeline) const;
  RouterTotals totals() const;

 private:
  // --- core_topology.cpp: who is connected with whom ---------------------------
  Device* find_device(DeviceId id) const;
  SourcePort* find_source(PortRef ref) const;
  SinkPort* find_sink(PortRef ref) const;
  void open_port(Device& device, const Port& info, bool runtime);
  void close_source(SourcePort& port, std::uint64_t now_ns);
  void close_sink(SinkPort& port, std::uint64_t now_ns);
  void refit_device(const std::string& device, std::uint64_t now_ns);
  void refit(Pipeline& pipeline, std::uint64_t now_ns);
  Edge& edge_for(Pipeline& pipeline, const EdgePlan& plan);
  void connect(Edge& edge, const EdgePlan& plan, std::uint64_t now_ns);
  void drop_leftovers(Pipeline& pipeline, const std::vector<EdgeId>& wanted, bool keep_waiting,
                      std::uint64_t now_ns);
  void link_source(Edge& edge, SourcePort& port);
  void unlink_source(Edge& edge, std::uint64_t now_ns);
  void link_sink(Edge& edge, SinkPort& port, std::uint64_t now_ns);
  void unlink_sink(Edge& edge);
  void retire(std::unique_ptr<Edge> edge, std::uint64_t now_ns);
  void bury(Edge& edge);
  void bury_finished();
  std::vector<PortView> list_ports(std::string_view device) const;

  // --- core_pipelines.cpp: what is wanted ----------------------------------------
  Result<std::unique_ptr<Pipeline>> build(PipelineSpec spec);
  void replace(Pipeline& old, std::unique_ptr<Pipeline> fresh, std::uint64_t now_ns);
  void discard(std::unique_ptr<Pipeline> pipeline, std::uint64_t now_ns);

  // --- core_publish.cpp: from a source into the lanes ---------------------------
  bool may_pass(const Frame& frame);
  void admit(Edge& edge, const Incoming& event);
  void admit_any(Edge& edge, const Incoming& event, Policy policy);
  bool admit_chained(Edge& edge, const Incoming& event, Policy policy);
  void supersede(Edge& edge, Lane& lane, const Incoming& event);
  void drop_oldest(Edge& edge, Lane& lane, Policy policy);
  bool make_room(Edge& edge, const Incoming& event, Policy policy);
  Entry& queue(Lane& lane, const Incoming& event, Policy policy);
  Entry* stage(Edge& edge, Lane& lane, const Incoming& event, Policy policy);
  std::uint16_t staged_code(const Edge& edge, const Frame& frame);
  bool refused(const Edge& edge, const Frame& frame);
  void commit(Edge& edge, Lane& lane, Entry& entry);
  void unstage(Lane& lane, Entry& entry);

  // --- core_input.cpp: keys, buttons, touches and motion among it ----------------
  void admit_held(Edge& edge, const Incoming& event);
  void admit_down(Edge& edge, const Incoming& event, std::uint16_t code);
  void admit_up(Edge& edge, const Incoming& event, std::uint16_t code);
  void reconcile(SourcePort& port, const Incoming& event);
  void admit_waiting(Edge& edge, const Incoming& event);
  void hold_modifiers(Edge& edge, std::uint64_t now_ns);
  void hold_modifier(Edge& edge, std::uint16_t code, std::uint64_t now_ns);
  void admit_touch(Edge& edge, const Incoming& event);
  void admit_motion(Edge& edge, const Incoming& event);
  bool merge_motion(Edge& edge, Lane& lane, const Incoming& event, std::uint64_t end);

  // --- core_take.cpp: from the lanes to a sink ------------------------------------
  struct Batch;
  void take_round(Device& device, Batch& batch);
  bool take_one(Device& device, Lane& lane, Batch& batch);
  bool prepare(Device& device, Lane& lane, Entry& entry, std::uint64_t now_ns);
  void write(Entry& entry, Batch& batch);
  bool is_stale(const Entry& entry, std::uint64_t now_ns) const;
  void discard_stale(Lane& lane, Entry& entry, std::uint64_t now_ns);
  void finish(Lane& lane, Entry& entry, std::uint64_t now_ns);
  void uncount(Entry& entry);
  void drop(Lane& lane, Entry& entry, Drop reason);
  bool takeable(const Device& device) const;
  void wake(SinkPort& port);

  // --- core_settle.cpp: a queue put right after a loss ----------------------------
  enum class Purge : std::uint8_t { nothing, stale, everything };
  void settle(SinkPort& port, Edge* edge, Purge purge, std::uint64_t now_ns);
  struct Sweep;
  void sweep(Lane& lane, Sweep& sweep);
  bool sweep_key(Entry& entry, Sweep& sweep, bool purged);
  void forget_holds(Edge& edge, Purge purge, const CodeBits& down);
  void even_out(SinkPort& port, const CodeBits& down, std::uint64_t now_ns);
  void overflow(Edge& edge, std::uint64_t now_ns);
  void report_gap(Edge& edge, std::uint64_t lost, Drop reason);
  void release_holds(Edge& edge, std::uint64_t now_ns);
  void release_one(Edge& edge, std::uint16_t input, std::uint64_t now_ns);
  void cancel_touches(Edge& edge, bool purged, std::uint64_t now_ns);
  void make_held(Edge& edge, SinkPort& port, std::uint16_t code, bool down, std::uint64_t now_ns);
  Entry& make(SinkPort& port, TopicId topic, Bytes payload, std::uint64_t now_ns);
  Press press(Edge& edge, std::uint16_t input, std::uint16_t output, TopicId topic);
  Lift lift(Edge& edge, std::uint16_t input, std::uint16_t& output);
  void track_held(Device& device, std::size_t& part, std::size_t before, std::size_t after);

  // --- core_flow.cpp: what flows back -----------------------------------------------
  void set_blocking(Edge& edge, bool blocking);
  void want_refresh(Edge& edge, RefreshBits what, std::uint64_t now_ns);
  void break_chain(Edge& edge, TopicId topic, std::uint64_t now_ns);
  void send_refreshes(SourcePort& port, std::uint64_t now_ns);
  void join_refresh(Edge& edge, std::uint64_t now_ns);
  void sink_let_go(SinkPort& port, const Frame& frame, std::uint64_t now_ns);
  void let_go(SinkPort& port, std::uint64_t now_ns);
  void let_go_waiting(Device& device, std::uint64_t now_ns);
  void shrink_idle(std::uint64_t now_ns);

  PipelineStats stats_of(const Pipeline& pipeline) const;

  const std::uint64_t kernel_id_;
  RouterHost& host_;
  std::vector<std::unique_ptr<Device>> devices_;  // by id
  std::map<std::string, std::unique_ptr<Pipeline>, std::less<>> pipelines_;
  std::vector<std::unique_ptr<Edge>> retired_;  // still queued or not yet applied
  bool any_finished_ = false;                   // some of them may be buried
  EdgeId edge_id_last_ = 0;
  BodyPool bodies_;
  MadePayloads made_;
  std::uint64_t refresh_due_ns_ = Router::kNever;
  std::uint64_t shrink_due_ns_ = Router::kNever;
  std::function<void(EdgeId, const Frame&)> tap_;
  RouterTotals totals_;
};

}  // namespace dkvm::detail
