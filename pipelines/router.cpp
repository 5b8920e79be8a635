#include "pipelines/router.hpp"

#include "pipelines/delivery.hpp"
#include "pipelines/expect.hpp"
#include "pipelines/intake.hpp"
#include "pipelines/switches/switches.hpp"
#include "pipelines/topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dkvm {
namespace detail {

// The router's parts, each on those above it.
struct RouterParts {
  RouterTotals totals;
  DeviceTable devices;
  Refreshes refreshes;
  Queues queues;
  HeldInput held;
  Settler settler;
  Intake intake;
  SinkMessages messages;
  Delivery delivery;
  Topology topology;
  Switches switches;

  RouterParts(std::uint64_t kernel, RouterHost& host, BufferAccount& account)
      : refreshes(kernel, host, devices),
        queues(host, account, devices, refreshes),
        held(kernel, host, devices, queues),
        settler(refreshes, queues, held),
        intake(kernel, host, account, totals, devices, refreshes, queues, held, settler),
        messages(kernel, host, totals, devices, refreshes, queues, held, settler),
        delivery(kernel, devices, refreshes, queues, held, settler, messages),
        topology(host, devices, refreshes, queues, held, settler, messages),
        switches(kernel, host, devices, held, topology) {
    expect(kernel != 0, "a kernel's id is never 0");
  }
};

}  // namespace detail

Router::Router(std::uint64_t kernel_id, RouterHost& host, BufferAccount& account)
    : parts_(std::make_unique<detail::RouterParts>(kernel_id, host, account)) {}
Router::~Router() = default;

void Router::device_up(DeviceId device, std::string name, std::uint32_t incarnation, bool relays,
                       std::span<const RoutedPort> ports, std::uint64_t now_ns) {
  parts_->topology.device_up(device, std::move(name), incarnation, relays, ports, now_ns);
  parts_->switches.refit(now_ns);
}
void Router::device_down(DeviceId device, std::uint64_t now_ns) {
  parts_->topology.device_down(device, now_ns);
  parts_->switches.refit(now_ns);
}
void Router::set_at_work(DeviceId device, bool at_work, std::uint64_t now_ns) {
  detail::Device& known = parts_->devices.at(device);
  if (std::exchange(known.at_work, at_work) != at_work) parts_->switches.refit(now_ns);
}
void Router::port_up(DeviceId device, RoutedPort port, std::uint64_t now_ns) {
  parts_->topology.port_up(device, std::move(port), now_ns);
  parts_->switches.refit(now_ns);
}
void Router::port_down(PortRef port, std::uint64_t now_ns) {
  parts_->topology.port_down(port, now_ns);
  parts_->switches.refit(now_ns);
}

std::vector<std::uint16_t> Router::codes_to_release(DeviceId sink) const {
  return parts_->held.codes_to_release(sink);
}

Result<> Router::apply(std::vector<PipelineSpec> specs, std::vector<SwitchSpec> switches,
                       std::uint64_t now_ns) {
  for (const PipelineSpec& spec : specs) DKVM_CHECK(check(spec));
  parts_->switches.drop_changed(switches, now_ns);
  const Result<> applied = parts_->topology.apply(std::move(specs), now_ns);
  parts_->switches.add_missing(std::move(switches), now_ns);
  return applied;
}
Result<> Router::add(PipelineSpec spec, std::uint64_t now_ns) {
  return parts_->topology.add(std::move(spec), now_ns);
}
Result<> Router::remove(std::string_view pipeline, std::uint64_t now_ns) {
  DKVM_CHECK(parts_->topology.remove(pipeline, now_ns));
  parts_->switches.refit(now_ns);
  return {};
}
Result<> Router::enable(std::string_view pipeline, bool enabled, std::uint64_t now_ns) {
  DKVM_CHECK(parts_->topology.enable(pipeline, enabled, now_ns));
  parts_->switches.refit(now_ns);
  return {};
}

Result<std::uint64_t> Router::select(std::string_view name, const SwitchWish& wish,
                                     std::uint64_t now_ns) {
  detail::Switch* found = parts_->switches.find(name);
  if (found == nullptr) return fail(Errc::not_found, fmt::format("there is no switch '{}'", name));
  return found->select(wish, now_ns);
}
std::optional<Result<>> Router::switch_outcome(std::string_view name, std::uint64_t number) const {
  const detail::Switch* found = parts_->switches.find(name);
  if (found == nullptr)
    return fail(Errc::not_found, fmt::format("switch '{}' is no longer configured", name));
  const auto outcome = found->outcome(number);
  if (!outcome) return std::nullopt;
  return outcome->done ? Result<>() : fail(outcome->code, outcome->reason);
}
std::vector<SwitchStatus> Router::switches() const { return parts_->switches.statuses(); }

void Router::publish(PortRef source, const Frame& frame, std::uint64_t received_ns) {
  parts_->intake.publish(source, frame, received_ns);
}
std::size_t Router::take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                         std::uint64_t now_ns) {
  const std::size_t bytes = parts_->delivery.take(sink, out, budget_bytes, now_ns);
  parts_->topology.bury_finished();
  return bytes;
}
bool Router::has_entries(DeviceId sink) const {
  const detail::Device* device = parts_->devices.find(sink);
  return device != nullptr && parts_->queues.any_for(*device);
}
void Router::applied(PortRef sink, std::uint64_t sequence, std::uint64_t now_ns) {
  parts_->delivery.applied(sink, sequence, now_ns);
  parts_->topology.bury_finished();
}

void Router::pause(PortRef sink, std::uint64_t now_ns) {
  parts_->messages.pause(sink);
  parts_->switches.refit(now_ns);
}
void Router::resume(PortRef sink, std::uint64_t now_ns) {
  parts_->messages.resume(sink);
  parts_->switches.refit(now_ns);
}
void Router::room_at(PortRef sink, std::uint64_t now_ns) { parts_->messages.room_at(sink, now_ns); }
Result<> Router::upstream(PortRef sink, const Frame& frame, std::uint64_t now_ns) {
  DKVM_CHECK(parts_->messages.upstream(sink, frame, now_ns));
  if (frame.header.topic() == id_of(wire::Topic::geometry)) parts_->switches.refit(now_ns);
  return {};
}

void Router::release_all(std::string_view reason, std::uint64_t now_ns) {
  parts_->switches.go_home(std::string(reason), now_ns);
  parts_->topology.release_all(now_ns);
}
std::uint64_t Router::published(DeviceId source) const {
  return parts_->topology.published(source);
}
std::vector<BufferConsumer> Router::consumers_of(PortRef source) const {
  return parts_->topology.consumers_of(source);
}
bool Router::settled(DeviceId source) const { return parts_->topology.settled(source); }
std::uint64_t Router::deadline() const {
  return std::min({parts_->refreshes.due_ns(), parts_->queues.due_ns(), parts_->switches.due_ns()});
}
void Router::tick(std::uint64_t now_ns) {
  parts_->refreshes.tick(now_ns);
  parts_->queues.tick(now_ns);
  parts_->switches.tick(now_ns);
}
void Router::set_tap(std::function<void(EdgeId, const Frame&)> tap) {
  parts_->delivery.set_tap(std::move(tap));
}
std::vector<PipelineStats> Router::stats() const { return parts_->topology.stats(); }
std::vector<PipelineSummary> Router::summaries() const { return parts_->topology.summaries(); }
std::optional<PipelineSummary> Router::summary_of(std::string_view pipeline) const {
  return parts_->topology.summary_of(pipeline);
}
std::vector<EdgeStats> Router::edges_of(std::string_view pipeline, EdgeId after,
                                        std::size_t edges_max) const {
  return parts_->topology.edges_of(pipeline, after, edges_max);
}

std::vector<EdgeStats> Router::edges(EdgeId after, std::size_t edges_max) const {
  return parts_->topology.edges(after, edges_max);
}
RouterTotals Router::totals() const {
  RouterTotals totals = parts_->totals;
  totals.pipelines = parts_->topology.pipelines();
  return totals;
}

}  // namespace dkvm
