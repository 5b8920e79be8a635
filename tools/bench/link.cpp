// link: two kernels joined by a link over TLS, beside TLS alone.

#include "tools/bench/link/parts.hpp"

namespace dkvm::bench {

Result<Report> run_link_scenario(const Options& options) {
  return run_on_bench("link", options, [](LinkBench& bench) -> Result<> {
    for (const auto part : {measure_loopback, measure_narrow, measure_returns, measure_crowd})
      DKVM_CHECK(part(bench));
    return {};
  });
}

}  // namespace dkvm::bench
