#include "kernel/rpc/services/memory.hpp"

#include "config/suggest.hpp"
#include "kernel/rpc/number_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace dkvm {
namespace {

// Of a pool in an answer; more are counted only.
constexpr std::size_t kConsumersListedMax = 200;

constexpr std::array kKinds = {std::string_view("memfd"), std::string_view("named")};

// A number that must be given, and fits Number.
template <class Number>
Result<Number> required(const Params& params, const char* field) {
  constexpr std::uint64_t kMax = std::numeric_limits<Number>::max();
  DKVM_TRY(const auto value, params.number(field));
  if (value && *value <= kMax) return static_cast<Number>(*value);
  return fail(Errc::invalid,
              fmt::format("'{}' must be given, as a whole number from 0 to {}", field, kMax));
}

Result<wire::MemoryKind> kind_in(const Params& params) {
  DKVM_TRY(const std::string text, params.text_or("memory", "memfd"));
  if (text == kKinds[0]) return wire::MemoryKind::memfd;
  if (text == kKinds[1]) return wire::MemoryKind::named;
  return fail(Errc::invalid, fmt::format("'memory' is {}, expected {}", detail::in_quotes(text),
                                         detail::one_of(kKinds)));
}

Result<wire::BufferRef> buffer_in(const Params& params) {
  DKVM_TRY(const auto pool, required<std::uint32_t>(params, "pool"));
  DKVM_TRY(const auto slot, required<std::uint32_t>(params, "slot"));
  DKVM_TRY(const auto generation, required<std::uint32_t>(params, "generation"));
  return wire::BufferRef(pool, slot, generation, 0, 0, 0, 0);
}

nlohmann::json to_json(const PoolMade& made) {
  return {{"pool", made.pool}, {"slot_count", made.slots}};
}

}  // namespace

Result<const RoutedPort*> MemoryServices::own_port(const ServiceCall& call,
                                                   const Params& params) const {
  if (call.caller != name_of(call.device))
    return fail(Errc::denied,
                fmt::format("{} is called for memory of one's own, by a device of this kernel; {} "
                            "calls by way of {}",
                            call.method, detail::in_quotes(call.caller),
                            detail::in_quotes(name_of(call.device))));
  DKVM_TRY(const auto port, required<std::uint16_t>(params, "port"));
  if (const RoutedPort* found = port_of({call.device, port})) return found;
  return fail(Errc::invalid,
              fmt::format("device {} has no open port {}", detail::in_quotes(call.caller), port));
}

Result<PortRef> MemoryServices::own_port(const ServiceCall& call, const Params& params,
                                         wire::Direction direction) const {
  DKVM_TRY(const RoutedPort* port, own_port(call, params));
  if (port->direction == direction) return PortRef{call.device, port->id};
  return fail(Errc::invalid,
              fmt::format("port {} of device {} is a {}, expected a {}", port->id,
                          detail::in_quotes(call.caller), wire::EnumNameDirection(port->direction),
                          wire::EnumNameDirection(direction)));
}

Result<nlohmann::json> MemoryServices::open_pool(const ServiceCall& call,
                                                 const Params& params) const {
  DKVM_TRY(const PortRef port, own_port(call, params, wire::Direction::source));
  PoolRequest request{.port = port.port};
  DKVM_TRY(request.slot_bytes, required<std::uint64_t>(params, "slot_bytes"));
  if (params.find("slots") != nullptr) {
    DKVM_TRY(request.slots, required<std::uint32_t>(params, "slots"));
  }
  DKVM_TRY(request.memory, kind_in(params));
  DKVM_TRY(const PoolMade made, memory.open_pool(call.device, request, now_ns()));
  return to_json(made);
}

Result<nlohmann::json> MemoryServices::allocate(const ServiceCall& call,
                                                const Params& params) const {
  DKVM_TRY(const PortRef port, own_port(call, params, wire::Direction::source));
  DKVM_TRY(const auto bytes, required<std::uint64_t>(params, "bytes"));
  DKVM_TRY(const PoolMade made, memory.allocate(call.device, port.port, bytes, now_ns()));
  return to_json(made);
}

Result<nlohmann::json> MemoryServices::retain(const ServiceCall& call, const Params& params) const {
  DKVM_TRY(const PortRef port, own_port(call, params, wire::Direction::sink));
  DKVM_TRY(const wire::BufferRef buffer, buffer_in(params));
  DKVM_CHECK(memory.retain(port, buffer));
  return nlohmann::json::object();
}

Result<nlohmann::json> MemoryServices::release(const ServiceCall& call,
                                               const Params& params) const {
  DKVM_TRY(const RoutedPort* port, own_port(call, params));
  DKVM_TRY(const wire::BufferRef buffer, buffer_in(params));
  DKVM_CHECK(memory.give_back({call.device, port->id}, buffer, now_ns()));
  return nlohmann::json::object();
}

nlohmann::json MemoryServices::describe(const PoolStats& pool) const {
  nlohmann::json consumers = nlohmann::json::array();
  for (const SinkStats& sink : pool.sinks) {
    if (consumers.size() == kConsumersListedMax) break;
    consumers.push_back({{"device", name_of(sink.sink.device)},
                         {"port", sink.sink.port},
                         {"share", sink.share.leases},
                         {"queue", sink.share.queued},
                         {"leased", sink.leased},
                         {"queued", sink.held}});
  }
  return {{"pool", pool.pool},
          {"device", name_of(pool.source.device)},
          {"port", pool.source.port},
          {"state", name(pool.state)},
          {"memory", wire::EnumNameMemoryKind(pool.memory)},
          {"single_use", pool.single_use},
          {"crowded", pool.crowded},
          {"bytes", pool.bytes},
          {"slot_bytes", pool.slot_bytes},
          {"slots", pool.slots},
          {"free", pool.free},
          {"writing", pool.writing},
          {"exhausted", pool.exhausted},
          {"consumer_count", pool.sinks.size()},
          {"consumers", std::move(consumers)}};
}

Result<nlohmann::json> MemoryServices::list(const Params& params) const {
  DKVM_CHECK(number_after(params));
  const MemoryTotals totals = memory.totals();
  return page(
      "pools", memory.stats(), params, [](const PoolStats& pool) { return number_key(pool.pool); },
      [this](const PoolStats& pool) { return describe(pool); },
      {{"pool_count", totals.pools},
       {"bytes", totals.bytes},
       {"bytes_max", totals.bytes_max},
       {"exhausted", totals.exhausted},
       {"refused", totals.refused}});
}

void MemoryServices::add_to(ServiceTable& table) {
  table.add(
      "memory.pool", {"port", "slot_bytes", "slots", "memory"},
      [*this](const ServiceCall& call, const Params& params) { return open_pool(call, params); });
  table.add(
      "memory.allocate", {"port", "bytes"},
      [*this](const ServiceCall& call, const Params& params) { return allocate(call, params); });
  table.add(
      "memory.retain", {"port", "pool", "slot", "generation"},
      [*this](const ServiceCall& call, const Params& params) { return retain(call, params); });
  table.add(
      "memory.release", {"port", "pool", "slot", "generation"},
      [*this](const ServiceCall& call, const Params& params) { return release(call, params); });
  table.add("memory.stats", {"after", "limit"},
            [*this](const ServiceCall&, const Params& params) { return list(params); });
}

}  // namespace dkvm
