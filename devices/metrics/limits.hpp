#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// What the metrics device allows, waits for and leaves out.
// Source: docs/metrics.md, "Limits".
namespace dkvm::metrics {

inline constexpr std::uint16_t kMetricsPortDefault = 24862;

// --- clients ----------------------------------------------------------------------

inline constexpr std::size_t kClientsMax = 32;
inline constexpr std::size_t kAcceptsPerTurnMax = 32;
inline constexpr std::size_t kHeadBytesMax = 8 * 1024;  // of a request
inline constexpr std::size_t kReadBytesMax = 4 * 1024;  // at a time, of one client
inline constexpr std::chrono::milliseconds kHeadTimeMax{5000};
inline constexpr std::chrono::milliseconds kSendTimeMax{10'000};
inline constexpr std::chrono::seconds kIdleTimeMax{150};  // between requests
inline constexpr std::chrono::milliseconds kAcceptPause{100};
inline constexpr std::chrono::seconds kRefusalLogPause{10};

// --- asking the kernel --------------------------------------------------------------

// A page that is younger is given to whoever asks; so the kernel is asked once a second
// at most, however many ask.
inline constexpr std::chrono::milliseconds kPageAgeMax{900};
// All calls together; a Prometheus that scrapes once a second waits no longer.
inline constexpr std::chrono::milliseconds kCollectTimeMax{800};
inline constexpr std::size_t kPagesPerListMax = 32;
// Proportional memory of a process is looked at this often, and of so many at a time.
inline constexpr std::chrono::seconds kSizeAgeMax{15};
inline constexpr std::size_t kSizesPerPageMax = 16;

// --- series ---------------------------------------------------------------------------

// What is beyond these is left out, and counted in dkvm_metrics_left_out.
inline constexpr std::size_t kDevicesMax = 256;
inline constexpr std::size_t kPipelinesMax = 256;
inline constexpr std::size_t kEdgesMax = 256;
inline constexpr std::size_t kLinksMax = 64;
inline constexpr std::size_t kPoolOwnersMax = 256;    // device and port
inline constexpr std::size_t kLeaseHoldersMax = 256;  // device and port
inline constexpr std::size_t kSwitchesMax = 64;
inline constexpr std::size_t kTargetsPerSwitchMax = 32;

}  // namespace dkvm::metrics
