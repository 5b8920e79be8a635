#include "devices/metrics/rows.hpp"

#include "devices/metrics/limits.hpp"

#include <map>

namespace dkvm::metrics {
namespace {

// A port of a device; pools come and go under it, and have numbers that never come again.
struct Port {
  std::string device;
  std::string port;
  auto operator<=>(const Port&) const = default;
};

Port port_of(const Json& object) {
  return {text_of(object, "device"), field(object, "port").dump()};
}

struct Owned {
  double bytes = 0, slots = 0, free = 0, writing = 0;
};

struct Taken {
  double leased = 0, share = 0, queued = 0;
};

template <class Row>
void each_port(const std::map<Port, Row>& ports, std::size_t ports_max, std::string_view what,
               LeftOut& left_out, const std::function<void(const Labels&, const Row&)>& tell) {
  std::size_t shown = 0;
  for (const auto& [port, row] : ports) {
    if (++shown > ports_max)
      ++left_out[what];
    else
      tell({port.device, port.port}, row);
  }
}

void add_owned(Sheet& sheet, const Labels& port, const Owned& owned) {
  sheet.add(metric::kOwnedBytes, port, owned.bytes);
  const auto add = [&](const char* state, double slots) {
    sheet.add(metric::kSlots, {port[0], port[1], state}, slots);
  };
  add("free", owned.free);
  add("writing", owned.writing);
  add("used", owned.slots - owned.free - owned.writing);
}

void add_taken(Sheet& sheet, const Labels& port, const Taken& taken) {
  sheet.add(metric::kLeases, port, taken.leased);
  sheet.add(metric::kShare, port, taken.share);
  sheet.add(metric::kWaitingBuffers, port, taken.queued);
}

}  // namespace

void add_memory(Sheet& sheet, const Snapshot& seen, LeftOut& left_out) {
  if (seen.memory.is_null()) return;
  const auto add = [&](const MetricInfo& metric, const char* name) {
    sheet.add(metric, {}, number_of(seen.memory, name));
  };
  add(metric::kPools, "pool_count");
  add(metric::kPoolBytes, "bytes");
  add(metric::kPoolBytesMax, "bytes_max");
  add(metric::kExhausted, "exhausted");
  add(metric::kRefused, "refused");

  std::map<Port, Owned> owners;
  std::map<Port, Taken> holders;
  for (const Json& pool : seen.pools) {
    Owned& owned = owners[port_of(pool)];
    owned.bytes += number_of(pool, "bytes");
    owned.slots += number_of(pool, "slots");
    owned.free += number_of(pool, "free");
    owned.writing += number_of(pool, "writing");
    for (const Json& consumer : list_of(pool, "consumers")) {
      Taken& taken = holders[port_of(consumer)];
      taken.leased += number_of(consumer, "leased");
      taken.share += number_of(consumer, "share");
      taken.queued += number_of(consumer, "queued");
    }
  }
  each_port<Owned>(owners, kPoolOwnersMax, "pools", left_out,
                   [&](const Labels& port, const Owned& owned) { add_owned(sheet, port, owned); });
  each_port<Taken>(holders, kLeaseHoldersMax, "consumers", left_out,
                   [&](const Labels& port, const Taken& taken) { add_taken(sheet, port, taken); });
}

}  // namespace dkvm::metrics
