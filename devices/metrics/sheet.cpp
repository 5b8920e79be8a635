#include "devices/metrics/sheet.hpp"

#include <limits>
#include <utility>

namespace dkvm::metrics {

prometheus::ClientMetric& Sheet::series(const MetricInfo& metric, const Labels& labels) {
  prometheus::MetricFamily& family = families_[&metric];
  if (family.metric.empty()) {
    family.name = metric.name;
    family.help = metric.help;
    family.type = metric.type;
  }
  prometheus::ClientMetric& made = family.metric.emplace_back();
  made.label.reserve(labels.size());
  std::string_view names = metric.labels;
  for (const std::string& value : labels) {
    const std::size_t end = names.find(' ');
    made.label.push_back({std::string(names.substr(0, end)), value});
    names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
  }
  return made;
}

void Sheet::add(const MetricInfo& metric, const Labels& labels, double value) {
  prometheus::ClientMetric& made = series(metric, labels);
  if (metric.type == prometheus::MetricType::Counter)
    made.counter.value = value;
  else
    made.gauge.value = value;
}

void Sheet::add(const MetricInfo& metric, const Labels& labels, const Buckets& buckets) {
  prometheus::ClientMetric::Histogram& histogram = series(metric, labels).histogram;
  histogram.bucket.reserve(buckets.counts.size());
  for (std::size_t at = 0; at < buckets.counts.size(); ++at) {
    histogram.sample_count += buckets.counts[at];
    const double bound = at < buckets.bounds_s.size() ? buckets.bounds_s[at]
                                                      : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = buckets.sum_s;
}

void Sheet::add_state(const MetricInfo& metric, Labels labels,
                      std::span<const std::string_view> words, std::string_view now) {
  labels.emplace_back();
  for (const std::string_view word : words) {
    labels.back() = word;
    add(metric, labels, word == now ? 1 : 0);
  }
}

std::vector<prometheus::MetricFamily> Sheet::take() && {
  std::vector<prometheus::MetricFamily> page;
  for (const MetricInfo* metric : kCatalog)
    if (const auto found = families_.find(metric); found != families_.end())
      page.push_back(std::move(found->second));
  return page;
}

}  // namespace dkvm::metrics
