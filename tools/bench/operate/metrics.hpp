#pragma once

#include "tools/bench/harness/control.hpp"
#include "tools/bench/harness/process.hpp"
#include "tools/bench/harness/scenario.hpp"

#include <dkvm/result.hpp>

namespace dkvm::bench {

// What it costs to be scraped once a second, of one processor.
struct MetricsCost {
  Series device_percent;  // the metrics device itself
  Series kernel_percent;  // the kernel while it is scraped, beyond what it takes else
  double page_bytes = 0;
};

// A desk with keys, a mouse and a screen at work, scraped and left alone in turns.
Result<MetricsCost> measure_metrics(const TemporaryFolder& folder, const Conductor& conductor,
                                    const Options& options);

}  // namespace dkvm::bench
