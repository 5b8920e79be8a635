#include "tools/bench/harness/statistics.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::bench;

TEST_CASE("a quantile is a sample, by nearest rank") {
  std::vector<double> samples = {5, 1, 4, 2, 3, 10, 9, 8, 7, 6};
  CHECK(quantile(samples, 0.5) == 5);
  CHECK(quantile(samples, 0.9) == 9);
  CHECK(quantile(samples, 0.99) == 10);
  CHECK(quantile(samples, 1) == 10);
  CHECK(quantile(samples, 0) == 1);
}

TEST_CASE("the quantile of nothing is 0") { CHECK(quantile({}, 0.5) == 0); }

TEST_CASE("one disturbed round does not move a median") {
  const Series series({10, 11, 5000, 9, 10});
  CHECK(series.median() == 10);
  CHECK(series.low() == 10);
  CHECK(series.high() == 11);
}

TEST_CASE("of an even number of rounds the median lies between the middle two") {
  CHECK(Series({1, 2, 4, 100}).median() == 3);
}

TEST_CASE("a ratio is taken round by round") {
  const Series result = ratio(Series({10, 200, 30}), Series({10, 100, 20}));
  CHECK(result.rounds() == std::vector<double>{1, 2, 1.5});
}

TEST_CASE("a ratio leaves out what has no counterpart") {
  CHECK(ratio(Series({10, 20, 30}), Series({5, 0})).rounds() == std::vector<double>{2});
  CHECK(ratio(Series({10}), Series()).empty());
}

TEST_CASE("a line through points on a line has no residual") {
  const std::vector<Point> points = {{50, 110}, {100, 210}, {200, 410}};
  const Line line = fit(points);
  CHECK(line.slope == Approx(2));
  CHECK(line.offset == Approx(10));
  CHECK(line.residual == Approx(0).margin(1e-9));
}

TEST_CASE("what grows with the square is far from any line") {
  const std::vector<Point> points = {{50, 2500}, {100, 10000}, {200, 40000}};
  CHECK(fit(points).residual > 0.1);
}
