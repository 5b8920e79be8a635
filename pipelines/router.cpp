#include "pipelines/router.hpp"

#include "pipelines/core.hpp"

namespace dkvm {

Router::Router(std::uint64_t kernel_id, RouterHost& host)
    : core_(std::make_unique<detail::RouterCore>(kernel_id, host)) {}
Router::~Router() = default;

void Router::device_up(DeviceId device, std::string name, std::uint32_t incarnation, bool relays,
                       std::span<const Port> ports, std::uint64_t now_ns) {
  core_->device_up(device, std::move(name), incarnation, relays, ports, now_ns);
}
void Router::device_down(DeviceId device, std::uint64_t now_ns) {
  core_->device_down(device, now_ns);
}
void Router::port_up(DeviceId device, Port port, std::uint64_t now_ns) {
  core_->port_up(device, std::move(port), now_ns);
}
void Router::port_down(PortRef port, std::uint64_t now_ns) { core_->port_down(port, now_ns); }

std::vector<std::uint16_t> Router::codes_to_release(DeviceId sink) const {
  return core_->codes_to_release(sink);
}

Result<> Router::apply(std::vector<PipelineSpec> specs, std::uint64_t now_ns) {
  return core_->apply(std::move(specs), now_ns);
}
Result<> Router::add(PipelineSpec spec, std::uint64_t now_ns) {
  return core_->add(std::move(spec), now_ns);
}
Result<> Router::remove(std::string_view pipeline, std::uint64_t now_ns) {
  return core_->remove(pipeline, now_ns);
}
Result<> Router::enable(std::string_view pipeline, bool enabled, std::uint64_t now_ns) {
  return core_->enable(pipeline, enabled, now_ns);
}

void Router::publish(PortRef source, const Frame& frame, std::uint64_t received_ns) {
  core_->publish(source, frame, received_ns);
}
std::size_t Router::take(DeviceId sink, std::span<std::byte> out, std::size_t budget_bytes,
                         std::uint64_t now_ns) {
  return core_->take(sink, out, budget_bytes, now_ns);
}
bool Router::has_entries(DeviceId sink) const { return core_->has_entries(sink); }
void Router::applied(PortRef sink, std::uint64_t sequence, std::uint64_t now_ns) {
  core_->applied(sink, sequence, now_ns);
}

void Router::pause(PortRef sink) { core_->pause(sink); }
void Router::resume(PortRef sink) { core_->resume(sink); }
Result<> Router::upstream(PortRef sink, const Frame& frame, std::uint64_t now_ns) {
  return core_->upstream(sink, frame, now_ns);
}

void Router::release_all(std::uint64_t now_ns) { core_->release_all(now_ns); }
bool Router::settled(DeviceId source) const { return core_->settled(source); }
std::uint64_t Router::deadline() const { return core_->deadline(); }
void Router::tick(std::uint64_t now_ns) { core_->tick(now_ns); }
void Router::set_tap(std::function<void(EdgeId, const Frame&)> tap) {
  core_->set_tap(std::move(tap));
}
std::vector<PipelineStats> Router::stats() const { return core_->stats(); }
std::optional<PipelineStats> Router::stats_of(std::string_view pipeline) const {
  return core_->stats_of(pipeline);
}
RouterTotals Router::totals() const { return core_->totals(); }

}  // namespace dkvm
