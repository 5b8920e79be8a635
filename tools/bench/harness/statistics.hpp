#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dkvm::bench {

// The p-quantile (0 to 1) by nearest rank; 0 for no samples. Reorders them.
double quantile(std::span<double> samples, double p);

// One number a round. A noisy machine disturbs single rounds: the median is
// quoted, the quartiles say how far to trust it.
class Series {
 public:
  Series() = default;
  explicit Series(std::vector<double> rounds) : rounds_(std::move(rounds)) {}

  void add(double value) { rounds_.push_back(value); }
  bool empty() const { return rounds_.empty(); }
  const std::vector<double>& rounds() const { return rounds_; }

  double median() const { return at(0.5); }
  double low() const { return at(0.25); }
  double high() const { return at(0.75); }

 private:
  double at(double p) const;

  std::vector<double> rounds_;
};

// Round by round, so that what disturbs the machine disturbs both sides.
// Rounds that only one side has, or whose divisor is 0, are left out.
Series ratio(const Series& dividend, const Series& divisor);

// A straight line through points by least squares.
struct Line {
  double slope = 0;
  double offset = 0;
  double residual = 0;  // the largest distance of a point, as a share of its value
};
struct Point {
  double x = 0;
  double y = 0;
};
Line fit(std::span<const Point> points);

}  // namespace dkvm::bench
