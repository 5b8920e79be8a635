#include "tools/dkvmctl/run_tool.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm;
using namespace dkvm::ctl;
using namespace std::chrono_literals;

TEST_CASE("a tool's output, errors and status come back, and it gets its input") {
  const auto done = run_tool({"sh", "-c", "cat; echo oops >&2; exit 3"}, "hello", 20s);
  REQUIRE(done);
  CHECK(done->out == "hello");
  CHECK(done->err == "oops\n");
  CHECK(done->status == 3);
}

TEST_CASE("more input than a pipe holds goes through, whether or not anybody reads it") {
  const std::string much(4 << 20, 'x');
  const auto counted = run_tool({"wc", "-c"}, much, 20s);
  REQUIRE(counted);
  CHECK(std::stoul(counted->out) == much.size());
  const auto deaf = run_tool({"true"}, much, 20s);
  REQUIRE(deaf);
  CHECK(deaf->status == 0);
}

TEST_CASE("a tool that is not there is not found") {
  const auto none = run_tool({"/nowhere/tool"}, {}, 20s);
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Errc::not_found);
}

TEST_CASE("a tool that does not end is ended") {
  const auto begun = std::chrono::steady_clock::now();
  const auto late = run_tool({"sleep", "1000"}, {}, 100ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == Errc::timeout);
  CHECK(std::chrono::steady_clock::now() - begun < 500s);
}

TEST_CASE("a tool that prints without end is ended") {
  const auto endless = run_tool({"yes"}, {}, 100s);
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code() == Errc::exhausted);
}
