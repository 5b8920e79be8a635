// Zero copies, shown from outside: by what the processes have mapped, and by
// what they have read and written.

#include "tools/bench/frames/parts.hpp"
#include "tools/bench/harness/proc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::bench {
namespace {

constexpr int kSinks = 4;
constexpr std::uint64_t kFrames = 120;
constexpr double kRateHz = 30;
constexpr std::uint64_t kBytes = 3840 * 2160 * 4;

// A frame's header, its buffer and its payload are less than 256 bytes; to each
// sink, and with what it answers.
constexpr double kHeaderBytesMax = 256 * 2 * (kSinks + 1);

// Where in a process an address lies; empty when nowhere.
MappedRange range_at(pid_t pid, std::uint64_t address) {
  const auto ranges = mapped_ranges(pid);
  const auto found =
      std::ranges::find_if(ranges, [&](const MappedRange& range) { return range.holds(address); });
  return found == ranges.end() ? MappedRange{} : *found;
}

}  // namespace

Result<> show_zero_copies(FramesBench& bench) {
  bench.options.progress("zero copies");
  DKVM_TRY(const FrameDesk desk, start_frame_desk(bench, "zero-copy", kSinks));
  FrameBatch batch{.bytes = kBytes, .count = 1, .rate_hz = kRateHz};
  DKVM_CHECK(run_frames(bench, desk, batch));  // the pool is open

  const pid_t source = bench.conductor.introduction(desk.source).pid;
  std::vector<pid_t> processes = {desk.middle, source};
  for (const std::string& sink : desk.sinks)
    processes.push_back(bench.conductor.introduction(sink).pid);
  std::vector<std::uint64_t> moved;
  for (const pid_t pid : processes) {
    DKVM_TRY(const std::uint64_t bytes, bytes_moved(pid));
    moved.push_back(bytes);
  }

  std::size_t looks = 0;
  std::size_t in_kernel = 0;
  batch.count = static_cast<std::uint64_t>(rounds_of(kFrames, bench.options));
  DKVM_TRY(const FrameRound round, run_frames(bench, desk, batch, [&] {
             ++looks;
             const auto ranges = mapped_ranges(desk.middle);
             in_kernel += static_cast<std::size_t>(
                 std::ranges::count_if(ranges, [](const MappedRange& range) {
                   return range.name.find("memfd:") != std::string::npos;
                 }));
           }));

  double most = 0;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    DKVM_TRY(const std::uint64_t bytes, bytes_moved(processes[i]));
    most = std::max(most, static_cast<double>(bytes - moved[i]) / static_cast<double>(batch.count));
  }
  const MappedRange origin = range_at(source, round.source.address);
  int elsewhere = 0;
  for (std::size_t i = 0; i < desk.sinks.size(); ++i) {
    const MappedRange at =
        range_at(bench.conductor.introduction(desk.sinks[i]).pid, round.sinks[i].address);
    elsewhere += !at.is_pool() || at.file != origin.file || at.access != "r--s";
  }

  const auto at_most = Bound::at_most;
  bench.report.goals.push_back({"kernel_maps",
                                "mappings of memfds in the kernel",
                                at_most,
                                0,
                                "",
                                Series({static_cast<double>(in_kernel)}),
                                {}});
  bench.report.goals.push_back({"same_memory",
                                "sinks whose frame lies outside of the source's memfd, or is "
                                "writable",
                                at_most,
                                0,
                                "",
                                Series({static_cast<double>(elsewhere)}),
                                {}});
  bench.report.goals.push_back({"bytes_moved",
                                "read and written per 4K frame by any process",
                                at_most,
                                kHeaderBytesMax,
                                "bytes",
                                Series({most}),
                                {}});
  bench.report.notes.push_back(
      fmt::format("zero copies: {} looks at the kernel's maps while {} frames passed; the frames "
                  "lie in {} ({}) of the source, mapped {}",
                  looks, batch.count, origin.name, origin.file, origin.access));
  return {};
}

}  // namespace dkvm::bench
