#pragma once

#include <prometheus/metric_type.h>

#include <array>
#include <string_view>

// Every metric that there is: what a page may show, and docs/metrics.md explains.
namespace dkvm::metrics {

struct MetricInfo {
  std::string_view name;
  prometheus::MetricType type;
  std::string_view labels;  // their names, separated by spaces
  std::string_view help;
};

namespace metric {

inline constexpr auto kCounter = prometheus::MetricType::Counter;
inline constexpr auto kGauge = prometheus::MetricType::Gauge;
inline constexpr auto kHistogram = prometheus::MetricType::Histogram;

// --- the page itself
inline constexpr MetricInfo kUp{"dkvm_up", kGauge, "", "1 while the kernel answers kernel.info."};
inline constexpr MetricInfo kDegraded{
    "dkvm_metrics_degraded", kGauge, "",
    "1 while a call for this page fails or something is left out of it: what is there is true, "
    "but not all."};
inline constexpr MetricInfo kCallFailures{"dkvm_metrics_call_failures_total", kCounter,
                                          "target method",
                                          "Calls for this page that brought nothing."};
inline constexpr MetricInfo kCollectSeconds{"dkvm_metrics_collect_seconds", kGauge, "",
                                            "How long the calls for this page took."};
inline constexpr MetricInfo kLeftOut{"dkvm_metrics_left_out", kGauge, "what",
                                     "Things beyond the limit on series, which have none here."};
inline constexpr MetricInfo kRequests{"dkvm_metrics_http_requests_total", kCounter, "status",
                                      "HTTP requests by the status that they were answered with."};
inline constexpr MetricInfo kTurnedAway{
    "dkvm_metrics_http_turned_away_total", kCounter, "",
    "HTTP clients that were hung up on: too far away, too slow, or one too many."};

// --- the kernel
inline constexpr MetricInfo kBuildInfo{"dkvm_build_info", kGauge, "kernel version protocol",
                                       "1; its labels say which kernel this is."};
inline constexpr MetricInfo kKernelUptime{"dkvm_kernel_uptime_seconds", kGauge, "",
                                          "Time since the kernel started."};
inline constexpr MetricInfo kKernelCpu{"dkvm_kernel_cpu_seconds_total", kCounter, "",
                                       "Processor time of the kernel's process."};
inline constexpr MetricInfo kKernelResident{"dkvm_kernel_resident_memory_bytes", kGauge, "",
                                            "Resident memory of the kernel's process."};
inline constexpr MetricInfo kKernelProportional{
    "dkvm_kernel_proportional_memory_bytes", kGauge, "",
    "Memory of the kernel's process, with its part of what it shares."};
inline constexpr MetricInfo kStalls{
    "dkvm_kernel_loop_stalls_total", kCounter, "",
    "Turns of the kernel's loop, and timers that it slept through, of 20 ms or more."};
inline constexpr MetricInfo kStalledSeconds{"dkvm_kernel_loop_stalled_seconds_total", kCounter, "",
                                            "How long these stalls took, together."};
inline constexpr MetricInfo kStallMax{"dkvm_kernel_loop_stall_max_seconds", kGauge, "",
                                      "The longest of them since the kernel started."};
inline constexpr MetricInfo kPublished{"dkvm_kernel_events_published_total", kCounter, "",
                                       "Events that came from devices."};
inline constexpr MetricInfo kUndelivered{"dkvm_kernel_events_undelivered_total", kCounter, "reason",
                                         "Events that reached no edge."};
inline constexpr MetricInfo kGaps{"dkvm_kernel_gaps_total", kCounter, "",
                                  "Times that lossless events were lost."};

// --- devices
inline constexpr MetricInfo kDeviceInfo{"dkvm_device_info", kGauge, "device type",
                                        "1; its labels say what a device is."};
inline constexpr MetricInfo kDeviceState{"dkvm_device_state", kGauge, "device state",
                                         "1 for the state that a device is in, 0 for the others."};
inline constexpr MetricInfo kRestarts{"dkvm_device_restarts_total", kCounter, "device",
                                      "Starts after the first one."};
inline constexpr MetricInfo kDeaths{"dkvm_device_deaths_total", kCounter, "device reason",
                                    "Ends of its process that were not good."};
inline constexpr MetricInfo kDeviceUptime{"dkvm_device_uptime_seconds", kGauge, "device",
                                          "Age of its process; 0 without one."};
inline constexpr MetricInfo kDeviceCpu{"dkvm_device_cpu_seconds_total", kCounter, "device",
                                       "Processor time of its process; none without one."};
inline constexpr MetricInfo kDeviceResident{"dkvm_device_resident_memory_bytes", kGauge, "device",
                                            "Resident memory of its process; none without one."};
inline constexpr MetricInfo kDeviceProportional{
    "dkvm_device_proportional_memory_bytes", kGauge, "device",
    "Memory of its process, with its part of what it shares; none without one."};
inline constexpr MetricInfo kLogDelays{"dkvm_device_log_delays_total", kCounter, "device",
                                       "Times that it wrote more to its log than its rate."};

// --- pipelines and their edges
inline constexpr MetricInfo kPipelineState{
    "dkvm_pipeline_state", kGauge, "pipeline state",
    "1 for the state that a pipeline is in, 0 for the others."};
inline constexpr MetricInfo kMissing{"dkvm_pipeline_missing_addresses", kGauge, "pipeline",
                                     "Addresses of a pipeline that no port answers to."};
inline constexpr MetricInfo kEdgeActive{"dkvm_edge_active", kGauge, "pipeline from to kind",
                                        "1 while events may flow from one port to the other."};
inline constexpr MetricInfo kEdgeIn{"dkvm_edge_events_total", kCounter, "pipeline from to kind",
                                    "Events that the source gave to this edge."};
inline constexpr MetricInfo kDelivered{"dkvm_edge_delivered_total", kCounter,
                                       "pipeline from to kind", "Events given to the sink."};
inline constexpr MetricInfo kDrops{"dkvm_edge_drops_total", kCounter,
                                   "pipeline from to kind reason",
                                   "Events that the sink was not given."};
inline constexpr MetricInfo kCoalesced{"dkvm_edge_coalesced_total", kCounter,
                                       "pipeline from to kind",
                                       "Motion that was added to motion that waited."};
inline constexpr MetricInfo kMade{
    "dkvm_edge_made_total", kCounter, "pipeline from to kind",
    "Events that the kernel sent of its own accord: releases, modifiers pressed again."};
inline constexpr MetricInfo kEdgeGaps{"dkvm_edge_gaps_total", kCounter, "pipeline from to kind",
                                      "Times that lossless events were lost."};
inline constexpr MetricInfo kLost{"dkvm_edge_lost_events_total", kCounter, "pipeline from to kind",
                                  "Lossless events that were lost."};
inline constexpr MetricInfo kRefreshes{"dkvm_edge_refreshes_total", kCounter,
                                       "pipeline from to kind",
                                       "Times that the source was asked for a whole picture."};
inline constexpr MetricInfo kMended{
    "dkvm_edge_mended_total", kCounter, "pipeline from to kind",
    "Events among the drops that a whole picture or packet made up for."};
inline constexpr MetricInfo kQueue{"dkvm_edge_queue_events", kGauge, "pipeline from to kind",
                                   "Events that wait for the sink."};
inline constexpr MetricInfo kQueueMax{"dkvm_edge_queue_max_events", kGauge, "pipeline from to kind",
                                      "The most that have waited since the edge is there."};
inline constexpr MetricInfo kLatency{
    "dkvm_edge_latency_seconds", kHistogram, "pipeline from to kind hop",
    "How old events were: captured (until the kernel had them), queued (from there until they "
    "were sent to the sink), applied (from there until the sink had done them), whole (all of "
    "it)."};

// --- who has the input
inline constexpr MetricInfo kInput{"dkvm_switch_input", kGauge, "switch target",
                                   "1 for the target of a switch that has the input."};
inline constexpr MetricInfo kTargetReady{"dkvm_switch_target_ready", kGauge, "switch target",
                                         "1 while a target of a switch could have the input."};
inline constexpr MetricInfo kLocked{"dkvm_switch_locked", kGauge, "switch",
                                    "1 while the input is to stay where it is."};

// --- shared memory
inline constexpr MetricInfo kPools{"dkvm_memory_pools", kGauge, "", "Pools that there are."};
inline constexpr MetricInfo kPoolBytes{"dkvm_memory_pool_bytes", kGauge, "", "Bytes of all pools."};
inline constexpr MetricInfo kPoolBytesMax{"dkvm_memory_pool_limit_bytes", kGauge, "",
                                          "What kernel.buffers allows."};
inline constexpr MetricInfo kExhausted{
    "dkvm_memory_exhausted_total", kCounter, "",
    "Times that a producer's last slot went with none to grant."};
inline constexpr MetricInfo kRefused{"dkvm_memory_refused_total", kCounter, "",
                                     "Pools that were asked for and not made."};
inline constexpr MetricInfo kOwnedBytes{"dkvm_pool_bytes", kGauge, "device port",
                                        "Bytes of a producer's pools."};
inline constexpr MetricInfo kSlots{"dkvm_pool_slots", kGauge, "device port state",
                                   "Slots of a producer's pools: free, writing, or used by "
                                   "what is queued and leased."};
inline constexpr MetricInfo kLeases{"dkvm_memory_leases", kGauge, "device port",
                                    "Buffers that a consumer holds."};
inline constexpr MetricInfo kShare{"dkvm_memory_lease_share", kGauge, "device port",
                                   "Buffers that a consumer may hold."};
inline constexpr MetricInfo kWaitingBuffers{"dkvm_memory_queued_buffers", kGauge, "device port",
                                            "Buffers that wait for a consumer."};

// --- links
inline constexpr MetricInfo kLinkState{"dkvm_link_state", kGauge, "device peer state",
                                       "1 for the state that a link is in, 0 for the others."};
inline constexpr MetricInfo kRtt{"dkvm_link_rtt_seconds", kGauge, "device peer",
                                 "Round trip to the peer, as the last ping saw it."};
inline constexpr MetricInfo kOffset{"dkvm_link_clock_offset_seconds", kGauge, "device peer",
                                    "How far the peer's clock is ahead."};
inline constexpr MetricInfo kOffsetError{"dkvm_link_clock_offset_error_seconds", kGauge,
                                         "device peer", "How wrong that may be."};
inline constexpr MetricInfo kSentBytes{"dkvm_link_sent_bytes_total", kCounter, "device peer",
                                       "Bytes of frames sent to the peer."};
inline constexpr MetricInfo kReceivedBytes{"dkvm_link_received_bytes_total", kCounter,
                                           "device peer", "Bytes of frames from the peer."};
inline constexpr MetricInfo kLinkQueue{"dkvm_link_queue_bytes", kGauge, "device peer",
                                       "Bytes that wait to be sent."};
inline constexpr MetricInfo kLinkDrops{"dkvm_link_drops_total", kCounter, "device peer",
                                       "Events that the network was too slow for."};
inline constexpr MetricInfo kConnects{"dkvm_link_connects_total", kCounter, "device peer",
                                      "Times that the link came up."};

}  // namespace metric

// All of them, in the order of a page.
inline constexpr std::array kCatalog = {
    &metric::kUp,
    &metric::kDegraded,
    &metric::kCallFailures,
    &metric::kCollectSeconds,
    &metric::kLeftOut,
    &metric::kRequests,
    &metric::kTurnedAway,
    &metric::kBuildInfo,
    &metric::kKernelUptime,
    &metric::kKernelCpu,
    &metric::kKernelResident,
    &metric::kKernelProportional,
    &metric::kStalls,
    &metric::kStalledSeconds,
    &metric::kStallMax,
    &metric::kPublished,
    &metric::kUndelivered,
    &metric::kGaps,
    &metric::kDeviceInfo,
    &metric::kDeviceState,
    &metric::kRestarts,
    &metric::kDeaths,
    &metric::kDeviceUptime,
    &metric::kDeviceCpu,
    &metric::kDeviceResident,
    &metric::kDeviceProportional,
    &metric::kLogDelays,
    &metric::kPipelineState,
    &metric::kMissing,
    &metric::kEdgeActive,
    &metric::kEdgeIn,
    &metric::kDelivered,
    &metric::kDrops,
    &metric::kCoalesced,
    &metric::kMade,
    &metric::kEdgeGaps,
    &metric::kLost,
    &metric::kRefreshes,
    &metric::kMended,
    &metric::kQueue,
    &metric::kQueueMax,
    &metric::kLatency,
    &metric::kInput,
    &metric::kTargetReady,
    &metric::kLocked,
    &metric::kPools,
    &metric::kPoolBytes,
    &metric::kPoolBytesMax,
    &metric::kExhausted,
    &metric::kRefused,
    &metric::kOwnedBytes,
    &metric::kSlots,
    &metric::kLeases,
    &metric::kShare,
    &metric::kWaitingBuffers,
    &metric::kLinkState,
    &metric::kRtt,
    &metric::kOffset,
    &metric::kOffsetError,
    &metric::kSentBytes,
    &metric::kReceivedBytes,
    &metric::kLinkQueue,
    &metric::kLinkDrops,
    &metric::kConnects,
};

}  // namespace dkvm::metrics
