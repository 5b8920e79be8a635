// `dkvmctl status` as a whole process, in turns with one that asks nobody.

#include "tools/bench/harness/statistics.hpp"
#include "tools/bench/operate/parts.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <fcntl.h>

namespace dkvm::bench {
namespace {

constexpr int kRounds = 200;
constexpr double kStatusMsMax = 20;
constexpr const char* kFloor = "dkvmctl --version";
constexpr const char* kStatus = "dkvmctl status";

// From before its start until it has ended well.
Result<double> milliseconds_of(const std::vector<std::string>& args, int output) {
  Command command;
  command.args = args;
  command.fds = {{output, 1}, {output, 2}};
  const std::uint64_t start_ns = now_ns();
  DKVM_TRY(Process process, Process::start(command));
  const int status = process.wait();
  const std::uint64_t end_ns = now_ns();
  if (status != 0)
    return fail(Errc::internal,
                fmt::format("{} ended with status {}", fmt::join(args, " "), status));
  return static_cast<double>(end_ns - start_ns) / 1e6;
}

}  // namespace

Result<> measure_status(OperateBench& bench, CrowdDesk& desk) {
  const std::string ctl = own_folder() + "/dkvmctl";
  const detail::Fd output(::open(bench.folder.file("status.out").c_str(),
                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  std::vector<double> floor_ms;
  std::vector<double> status_ms;
  for (int round = 0; round < rounds_of(kRounds, bench.options); ++round) {
    if (round % 20 == 0) bench.options.progress(fmt::format("status {}", round));
    DKVM_TRY(const double floor, milliseconds_of({ctl, "--version"}, output.get()));
    DKVM_TRY(const double status,
             milliseconds_of({ctl, "--socket", desk.socket(), "status"}, output.get()));
    floor_ms.push_back(floor);
    status_ms.push_back(status);
  }
  Table table{
      "a whole process, 200 devices", {{"p50_ms", "p50 ms", 2}, {"p99_ms", "p99 ms", 2}}, {}};
  const auto add = [&](const char* name, std::vector<double>& samples) {
    Row& row = table.row(name);
    row.add("p50_ms", quantile(samples, 0.5));
    row.add("p99_ms", quantile(samples, 0.99));
  };
  add(kFloor, floor_ms);
  add(kStatus, status_ms);
  const Row& row = table.row(kStatus);
  bench.report.goals.push_back({"status_p50",
                                "dkvmctl status with 200 devices, p50",
                                Bound::at_most,
                                kStatusMsMax,
                                "ms",
                                row.at("p50_ms"),
                                {}});
  bench.report.goals.push_back({"status_p99",
                                "dkvmctl status with 200 devices, p99",
                                Bound::at_most,
                                kStatusMsMax,
                                "ms",
                                row.at("p99_ms"),
                                {}});
  bench.report.tables.push_back(std::move(table));
  return {};
}

}  // namespace dkvm::bench
