#pragma once

#include "pipelines/buffer_account.hpp"
#include "pipelines/host.hpp"
#include "pipelines/port.hpp"
#include "pipelines/spec.hpp"
#include "pipelines/stats.hpp"
#include "pipelines/switches/spec.hpp"
#include "pipelines/switches/status.hpp"

#include <dkvm/frame.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

namespace detail {
struct RouterParts;
}

// Carries events from sources to sinks as the pipelines say: queues and their
// policies, stages, held input, hop stamps. Pure: no I/O, no clock, no thread.
// Units: now_ns and received_ns are CLOCK_MONOTONIC of this machine and never
//        run backwards from call to call.
// Life:  loop thread only; host and account outlive the router and do not call it
//        back from their own callbacks.
// Source: docs/architecture.md, "The life of an event"
class Router {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // kernel_id: as in this kernel's hop stamps; never 0.
  Router(std::uint64_t kernel_id, RouterHost& host, BufferAccount& account);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // --- devices and ports as they come and go ---------------------------------

  // The device said hello. relays: a link, whose events keep the origin and
  // the hop stamps they came with. Modifiers still held by sources are pressed
  // at its sinks; producers of frames are asked for a whole one.
  void device_up(DeviceId device, std::string name, std::uint32_t incarnation, bool relays,
                 std::span<const RoutedPort> ports, std::uint64_t now_ns);
  // The device is gone. As a source: what it held is released everywhere, what
  // it sent before is still delivered. As a sink: its queue is dropped; what
  // was lossless and not applied is reported. Ask codes_to_release() first.
  void device_down(DeviceId device, std::uint64_t now_ns);
  // at_work: it does what it gets. One that is up and starts, or stands still, does not: a
  // switch leaves a target of which nobody is at work (SwitchStatus). At first it is.
  void set_at_work(DeviceId device, bool at_work, std::uint64_t now_ns);

  // Ports opened and closed at run time; to their edges they are like a device
  // that comes and goes.
  void port_up(DeviceId device, RoutedPort port, std::uint64_t now_ns);
  void port_down(PortRef port, std::uint64_t now_ns);

  // Every code that may be down at this sink: down, or its up not yet applied.
  std::vector<std::uint16_t> codes_to_release(DeviceId sink) const;

  // --- pipelines ---------------------------------------------------------------

  // Makes these the pipelines; only differences act: an edge that is in both
  // sets keeps its queue, counters and holds, also under other stages.
  // Errors: Errc::invalid; nothing has changed then.
  Result<> apply(std::vector<PipelineSpec> specs, std::uint64_t now_ns) {
    return apply(std::move(specs), {}, now_ns);
  }
  // The same with switches, whose pipelines (target_pipelines()) are among the specs. One that
  // is as it was keeps its target; another begins at home.
  Result<> apply(std::vector<PipelineSpec> specs, std::vector<SwitchSpec> switches,
                 std::uint64_t now_ns);
  // Errors: Errc::invalid (also for a name that is taken), Errc::not_found.
  Result<> add(PipelineSpec spec, std::uint64_t now_ns);
  Result<> remove(std::string_view pipeline, std::uint64_t now_ns);
  Result<> enable(std::string_view pipeline, bool enabled, std::uint64_t now_ns);

  // --- switches ----------------------------------------------------------------

  // Moves the input of a switch, at once or when its sources have let go: switch_outcome()
  // of the number that this returns says when, and whether.
  // Errors: Errc::not_found for a switch or a target that there is not.
  Result<std::uint64_t> select(std::string_view name, const SwitchWish& wish, std::uint64_t now_ns);
  // Nothing while it is not decided. Errors: Errc::not_found for a switch that is no more;
  // denied, disconnected or timeout with the reason why the input did not move.
  std::optional<Result<>> switch_outcome(std::string_view name, std::uint64_t number) const;
  // In the order in which they were configured.
  std::vector<SwitchStatus> switches() const;

  // --- the hot path ------------------------------------------------------------

  // One `event` frame of a source. The payload was verified; it and the other
  // views may lie in the read buffer, nothing is kept of them.
  void publish(PortRef source, const Frame& frame, std::uint64_t received_ns);

  // Writes frames for this sink until `budget_bytes` are reached or nothing is
  // left, and returns their bytes. What is written counts as sent at now_ns.
  // Shape: out has room for budget_bytes + kFrameBytesMax.
  std::size_t take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                   std::uint64_t now_ns);
  // True when take() would find something (which may turn out to be stale).
  bool has_entries(DeviceId sink) const;

  // The sink has done everything up to `sequence` on this port.
  void applied(PortRef sink, std::uint64_t sequence, std::uint64_t now_ns);

  // --- from sinks ----------------------------------------------------------------

  // Nothing is taken for this port until it resumes; other ports go on. Modifiers that
  // are pressed again for a sink which let go (upstream()) wait for that too; those
  // that their source lifts meanwhile never reach it. A switch leaves a target that stays
  // so (SwitchStatus).
  void pause(PortRef sink, std::uint64_t now_ns);
  void resume(PortRef sink, std::uint64_t now_ns);

  // The sink may be given buffers again, after BufferAccount::lease() or room()
  // refused it: what waits for that is taken, and whole frames that it lacks are
  // asked for. No effect on a sink that was refused nothing.
  void room_at(PortRef sink, std::uint64_t now_ns);

  // An `upstream` frame of a sink, on to every producer that feeds the port.
  // Refreshes are merged and limited; an InputState is for the ledger alone:
  // the sink let go of everything but what it lists.
  // Errors: Errc::not_found for a port that is not open.
  Result<> upstream(PortRef sink, const Frame& frame, std::uint64_t now_ns);

  // --- the rest ----------------------------------------------------------------

  // Lets go of all held input everywhere, as after suspend; switches go home.
  void release_all(std::string_view reason, std::uint64_t now_ns);

  // Who is fed the buffers of this port: one per active edge with a topic that can
  // bring buffers. RouterHost::feeds_changed() says when to ask again.
  std::vector<BufferConsumer> consumers_of(PortRef source) const;

  // True when everything that this device has published was taken and applied.
  bool settled(DeviceId source) const;

  // How many events this device has published in its last incarnation.
  std::uint64_t published(DeviceId source) const;

  // When tick() is due; kNever while nothing is. Ask after each batch of calls.
  std::uint64_t deadline() const;
  void tick(std::uint64_t now_ns);

  // Sees each event as it is taken, in its final form but for the last hop
  // stamp. An empty function removes the tap.
  void set_tap(std::function<void(EdgeId, const Frame&)> tap);

  // In the order of their names; with histograms read out, so not for each event.
  std::vector<PipelineStats> stats() const;
  // The same without the edges and their histograms: cheap.
  std::vector<PipelineSummary> summaries() const;
  // Nothing for a pipeline that is not there.
  std::optional<PipelineSummary> summary_of(std::string_view pipeline) const;
  // Its edges with ids above `after`, at most so many, in the order of ids;
  // none of a pipeline that is not there.
  std::vector<EdgeStats> edges_of(std::string_view pipeline, EdgeId after,
                                  std::size_t edges_max) const;
  // The same of all pipelines, with those that are on their way out.
  std::vector<EdgeStats> edges(EdgeId after, std::size_t edges_max) const;
  RouterTotals totals() const;

 private:
  std::unique_ptr<detail::RouterParts> parts_;
};

}  // namespace dkvm
