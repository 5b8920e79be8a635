#include "tools/bench/harness/scenario.hpp"
namespace dkvm::bench {
Result<Report> run_fairness(const Options&) { return fail(Errc::unsupported, "not yet"); }
}  // namespace dkvm::bench
