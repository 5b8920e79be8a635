#include "tools/bench/harness/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace dkvm::bench {

double quantile(std::span<double> samples, double p) {
  if (samples.empty()) return 0;
  const double rank = std::ceil(p * static_cast<double>(samples.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(samples.begin(), nth, samples.end());
  return *nth;
}

double Series::at(double p) const {
  std::vector<double> copy = rounds_;
  if (p == 0.5 && !copy.empty() && copy.size() % 2 == 0) {
    std::ranges::sort(copy);
    return (copy[copy.size() / 2 - 1] + copy[copy.size() / 2]) / 2;
  }
  return quantile(copy, p);
}

Series ratio(const Series& dividend, const Series& divisor) {
  Series result;
  const std::size_t rounds = std::min(dividend.rounds().size(), divisor.rounds().size());
  for (std::size_t i = 0; i < rounds; ++i)
    if (divisor.rounds()[i] != 0) result.add(dividend.rounds()[i] / divisor.rounds()[i]);
  return result;
}

Line fit(std::span<const Point> points) {
  Line line;
  if (points.empty()) return line;
  const auto count = static_cast<double>(points.size());
  double mean_x = 0;
  double mean_y = 0;
  for (const Point& point : points) {
    mean_x += point.x / count;
    mean_y += point.y / count;
  }
  double covariance = 0;
  double variance = 0;
  for (const Point& point : points) {
    covariance += (point.x - mean_x) * (point.y - mean_y);
    variance += (point.x - mean_x) * (point.x - mean_x);
  }
  line.slope = variance == 0 ? 0 : covariance / variance;
  line.offset = mean_y - line.slope * mean_x;
  for (const Point& point : points) {
    const double expected = line.offset + line.slope * point.x;
    if (point.y != 0)
      line.residual = std::max(line.residual, std::abs(point.y - expected) / std::abs(point.y));
  }
  return line;
}

}  // namespace dkvm::bench
