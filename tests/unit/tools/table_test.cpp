#include "tools/dkvmctl/table.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::ctl;

namespace {
const Style kPlain(false);
const Style kColoured(true);
}  // namespace

TEST_CASE("columns are as wide as their widest cell, and no line ends in spaces") {
  Table table({{"NAME"}, {"COUNT", Align::right}, {"REASON"}});
  table.row({"keyboard", "7", ""});
  table.row({"a", "1,234,567", "killed"});
  CHECK(table.render(kPlain) ==
        "NAME          COUNT  REASON\n"
        "keyboard          7\n"
        "a         1,234,567  killed\n");
}

TEST_CASE("a column with nothing in it is left out") {
  Table table({{"NAME"}, {"PID"}, {"STATE"}});
  table.row({"a", "", "stopped"});
  CHECK(table.render(kPlain) == "NAME  STATE\na     stopped\n");
}

TEST_CASE("a table without titles has no line for them") {
  Table table({{""}, {""}});
  table.row({"name", "desk"});
  table.row({"running", "for 3s"});
  CHECK(table.render(kPlain) == "name     desk\nrunning  for 3s\n");
}

TEST_CASE("characters of several bytes take one column") {
  Table table({{"EDGE"}, {"P50", Align::right}, {"X"}});
  table.row({"a → b", "85 µs", "x"});
  table.row({"a and b", "1.2 ms", "x"});
  CHECK(table.render(kPlain) ==
        "EDGE        P50  X\n"
        "a → b     85 µs  x\n"
        "a and b  1.2 ms  x\n");
}

TEST_CASE("colour moves nothing") {
  Table table({{"A"}, {"B"}});
  table.row({{"running", Tone::good}, "x"});
  table.row({{"off", Tone::faint}, "y"});
  CHECK(table.render(kColoured) ==
        "\x1b[1mA\x1b[0m        \x1b[1mB\x1b[0m\n"
        "\x1b[32mrunning\x1b[0m  x\n"
        "\x1b[2moff\x1b[0m      y\n");
}

TEST_CASE("a cell cannot steer the terminal") {
  Table table({{"A"}});
  table.row({"\x1b[2Jgone\nnext"});
  CHECK(table.render(kPlain) == "A\n\\x1b[2Jgone\\x0anext\n");
}
