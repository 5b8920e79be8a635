// frames: buffers in shared memory. What a hand-off costs whatever the size,
// that nothing is copied, and that nothing is left behind by whoever dies.

#include "tools/bench/frames/parts.hpp"

#include <fstream>

namespace dkvm::bench {
namespace {

// What sinks of plain events read: one file, as all sinks of a frame read one frame.
Result<> write_common_memory(const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  const std::vector<char> bytes(kLargestFrameBytes, 1);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) return fail(Errc::exhausted, "writing " + path);
  return {};
}

}  // namespace

Result<Report> run_frames_scenario(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  DKVM_CHECK(write_common_memory(common_memory_path(conductor.path())));
  Report report;
  report.scenario = "frames";
  FramesBench bench{options, folder, conductor, report};
  for (const auto part :
       {measure_handoff, show_zero_copies, measure_4k60, measure_pools, kill_at_random})
    DKVM_CHECK(part(bench));
  return report;
}

}  // namespace dkvm::bench
