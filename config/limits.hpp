#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every limit of a configuration. Those that a person may set within bounds
// are named with the bounds.
// Source: docs/config.md, "Limits".
namespace dkvm {

// Of the text.
inline constexpr std::size_t kConfigFileBytesMax = 1024 * 1024;
inline constexpr std::size_t kConfigTotalBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kConfigIncludesMax = 256;
inline constexpr std::size_t kConfigIncludeDepthMax = 8;
inline constexpr std::size_t kConfigNestingMax = 32;
inline constexpr std::size_t kConfigNodesMax = 200'000;      // after aliases are expanded
inline constexpr std::size_t kConfigErrorsMax = 50;          // that are shown
inline constexpr std::size_t kConfigErrorsKeptMax = 10'000;  // the rest is counted

// Of what it declares.
inline constexpr std::size_t kDevicesMax = 1024;
inline constexpr std::size_t kPipelinesMax = 4096;
inline constexpr std::size_t kAddressesPerPipelineMax = 64;  // in `from`, in `to`
inline constexpr std::size_t kSwitchesMax = 64;
inline constexpr std::size_t kTargetsPerSwitchMax = 32;
inline constexpr std::size_t kStagesPerPipelineMax = 32;
inline constexpr std::size_t kGrantsPerDeviceMax = 256;
inline constexpr std::size_t kCallerGrantsMax = 1024;  // of a file with all that it includes
inline constexpr std::size_t kMethodsPerGrantMax = 64;
inline constexpr std::size_t kArgsPerDeviceMax = 256;
inline constexpr std::size_t kEnvPerDeviceMax = 256;
inline constexpr std::size_t kTextBytesMax = 4096;      // of one argument, path or variable
inline constexpr std::size_t kRuntimeDirBytesMax = 90;  // leaves room for a socket's name

// Of numbers that people set.
inline constexpr std::uint64_t kConfigQueueDepthMax = 16'384;
inline constexpr std::chrono::milliseconds kQueueAgeMin{1};
inline constexpr std::chrono::hours kQueueAgeMax{1};
inline constexpr std::chrono::seconds kEdgeDelayMax{10};
inline constexpr std::int64_t kEdgeCornersMax = 10'000;  // pixels
inline constexpr std::chrono::milliseconds kRestartDelayMin{1};
inline constexpr std::chrono::hours kRestartDelayMax{1};
inline constexpr double kRestartFactorMax = 100;
inline constexpr std::chrono::hours kRestartHealthyMax{24};
inline constexpr std::chrono::milliseconds kHealthIntervalMin{10};
inline constexpr std::chrono::hours kHealthIntervalMax{1};
inline constexpr std::uint64_t kHealthMissesMax = 1000;
inline constexpr std::uint64_t kLimitMemoryBytesMin = 1024 * 1024;
inline constexpr std::uint64_t kLimitBytesMax = std::uint64_t{1} << 50;
inline constexpr std::uint64_t kLimitOpenFilesMin = 16;
inline constexpr std::uint64_t kLimitOpenFilesMax = 1'048'576;
inline constexpr std::uint64_t kLimitProcessesMax = 1'048'576;
inline constexpr std::uint64_t kBuffersBytesMax = std::uint64_t{1} << 40;
inline constexpr std::uint64_t kDeviceBuffersBytesDefault = std::uint64_t{512} << 20;
inline constexpr std::uint64_t kKernelBuffersBytesDefault = std::uint64_t{4} << 30;
inline constexpr std::uint64_t kLogRateBytesMin = 1024;
inline constexpr std::uint64_t kLogLinesMin = 100;
inline constexpr std::uint64_t kLogLinesMax = 10'000'000;
inline constexpr std::uint64_t kLogBytesMin = 64 * 1024;
inline constexpr std::uint64_t kLogBytesMax = std::uint64_t{16} << 30;

}  // namespace dkvm
