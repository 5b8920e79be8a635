// link: two kernels joined by a link over TLS, beside TLS alone.

#include "tools/bench/link/parts.hpp"

namespace dkvm::bench {

Result<Report> run_link_scenario(const Options& options) {
  DKVM_TRY(const TemporaryFolder folder, TemporaryFolder::make());
  DKVM_TRY(Conductor conductor, Conductor::listen(folder.file("control")));
  Report report;
  report.scenario = "link";
  LinkBench bench{options, folder, conductor, report};
  for (const auto part : {measure_loopback, measure_narrow, measure_returns, measure_crowd})
    DKVM_CHECK(part(bench));
  return report;
}

}  // namespace dkvm::bench
