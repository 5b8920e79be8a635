#pragma once

#include "devices/metrics/sheet.hpp"
#include "devices/metrics/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

// What was collected, as series. Pure.
namespace dkvm::metrics {

// Proportional memory of a process, where it is known.
using SizeOf = std::function<std::optional<std::uint64_t>(int pid)>;

// How many things had no room on the page, by what they are.
using LeftOut = std::map<std::string_view, std::size_t>;

// Each adds what the snapshot says of its subject, as much as the limits allow.
void add_kernel(Sheet& sheet, const Snapshot& seen, const SizeOf& size_of);
void add_devices(Sheet& sheet, const Snapshot& seen, const SizeOf& size_of, LeftOut& left_out);
void add_pipelines(Sheet& sheet, const Snapshot& seen, LeftOut& left_out);
void add_edges(Sheet& sheet, const Snapshot& seen, LeftOut& left_out);
void add_switches(Sheet& sheet, const Snapshot& seen, LeftOut& left_out);
void add_memory(Sheet& sheet, const Snapshot& seen, LeftOut& left_out);
void add_links(Sheet& sheet, const Snapshot& seen, LeftOut& left_out);

}  // namespace dkvm::metrics
