#include "tools/bench/harness/report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace dkvm::bench;

namespace {

Report two_rows() {
  Report report;
  report.scenario = "relay";
  Table table{"5 kHz", {{"p50_us", "p50 µs", 1}}, {}};
  table.row("dkvm").values["p50_us"] = Series({12, 15, 13});
  table.row("raw").values["p50_us"] = Series({10, 10, 10});
  table.row("zeromq").note = "not installed";
  report.goals = {ratio_goal("p50_to_raw", "p50 to the raw relay's", Bound::at_most, 1.2,
                             table.row("dkvm"), table.row("raw"), "p50_us"),
                  ratio_goal("p50_to_zeromq", "p50 to ZeroMQ's", Bound::at_most, 0.5,
                             table.row("dkvm"), table.row("zeromq"), "p50_us"),
                  {"flat_out", "flat out", Bound::at_least, 3e6, "events/s", Series({4e6}), {}}};
  report.tables = {table};
  return report;
}

}  // namespace

TEST_CASE("a goal is judged by the median of its rounds") {
  const Report report = two_rows();
  CHECK_FALSE(report.goals[0].met());
  CHECK(report.goals[2].met());
  Goal close = report.goals[0];
  close.limit = 1.3;
  CHECK(close.met());
}

TEST_CASE("a verdict names the wanted and the measured figure, and its spread") {
  const std::string verdict = two_rows().goals[0].verdict();
  CHECK(verdict == "missed  p50 to the raw relay's: at most 1.2 x: 1.3 x (1.2 to 1.5)");
}

TEST_CASE("a goal that needs a peer which is not there is missed for that reason") {
  const Report report = two_rows();
  CHECK_FALSE(report.goals[1].met());
  CHECK(report.goals[1].verdict() ==
        "missed  p50 to ZeroMQ's: at most 0.5 x: zeromq was not measured: not installed");
  REQUIRE(report.missed().size() == 2);
  CHECK(report.missed()[1]->name == "p50_to_zeromq");
}

TEST_CASE("people get aligned rows, and the reason in place of figures") {
  const std::string text = to_text(two_rows());
  CHECK(
      text.starts_with("5 kHz   p50 µs\ndkvm      13.0\nraw       10.0\nzeromq  not installed\n"));
}

TEST_CASE("programs get every round") {
  const auto json = nlohmann::json::parse(to_json(two_rows()));
  CHECK(json["scenario"] == "relay");
  CHECK(json["met"] == false);
  const auto& ours = json["tables"][0]["rows"][0];
  CHECK(ours["name"] == "dkvm");
  CHECK(ours["values"]["p50_us"]["median"] == 13);
  CHECK(ours["values"]["p50_us"]["rounds"] == nlohmann::json({12, 15, 13}));
  CHECK(json["tables"][0]["rows"][2]["note"] == "not installed");
  CHECK(json["goals"][0]["measured"]["median"] == Approx(1.3));
  CHECK(json["goals"][1]["reason"] == "zeromq was not measured: not installed");
  CHECK_FALSE(json["goals"][1].contains("measured"));
}
