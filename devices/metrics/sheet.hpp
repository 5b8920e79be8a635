#pragma once

#include "devices/metrics/catalog.hpp"

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace dkvm::metrics {

// Values of labels, in the order in which a metric names them.
using Labels = std::vector<std::string>;

// A histogram as the kernel tells it: counts that are not cumulated, one more than there
// are bounds.
struct Buckets {
  std::span<const double> bounds_s;
  std::span<const std::uint64_t> counts;
  double sum_s = 0;
};

// The series of one page, by metric.
class Sheet {
 public:
  // One value. Each set of labels comes once for a metric: that is for the caller to see to.
  void add(const MetricInfo& metric, const Labels& labels, double value);
  void add(const MetricInfo& metric, const Labels& labels, const Buckets& buckets);
  // 1 for the word that is the case, 0 for the others; the word is the last label.
  void add_state(const MetricInfo& metric, Labels labels, std::span<const std::string_view> words,
                 std::string_view now);

  // As in the catalog; metrics without series are not there.
  std::vector<prometheus::MetricFamily> take() &&;

 private:
  prometheus::ClientMetric& series(const MetricInfo& metric, const Labels& labels);

  std::map<const MetricInfo*, prometheus::MetricFamily> families_;
};

}  // namespace dkvm::metrics
