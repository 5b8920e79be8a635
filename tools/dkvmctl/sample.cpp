#include "tools/dkvmctl/sample.hpp"

#include "tools/dkvmctl/pages.hpp"

namespace dkvm::ctl {
namespace {

Called<Sample> look(Ctl& ctl) {
  Sample sample;
  DKVM_TRY(sample.kernel, ctl.kernel("kernel.info"));
  DKVM_TRY(sample.devices, all_pages(ctl, "devices.list", Json::object(), "devices"));
  DKVM_TRY(sample.edges, all_pages(ctl, "pipelines.edges", Json::object(), "edges"));
  // Who may not see them has none to look after.
  if (auto switches = all_pages(ctl, "pipelines.switches", Json::object(), "switches"))
    sample.switches = *std::move(switches);
  else if (switches.error().kind != CallError::Kind::answered)
    return fail(std::move(switches).error());
  sample.at = std::chrono::steady_clock::now();
  return sample;
}

}  // namespace

// Looks change nothing: none can have "happened all the same".
Called<Sample> take_sample(Ctl& ctl) {
  auto sample = look(ctl);
  if (sample) return sample;
  CallError::Kind& kind = sample.error().kind;
  if (kind == CallError::Kind::lost || kind == CallError::Kind::ended)
    kind = CallError::Kind::cut_off;
  return sample;
}

}  // namespace dkvm::ctl
