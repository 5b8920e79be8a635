// `pipelines.select` from the other side of the link: under the grants of who asks.

#include "tests/e2e/x11/x_desks.hpp"

#include <catch2/catch.hpp>

using namespace dkvm::test;

namespace {

// The laptop asks the desk's kernel for the input, or sends it back.
Finished ask(XDesks& desks, const std::string& target) {
  return desks.desks["laptop"].try_ctl("call link/desk:kernel pipelines.select '{\"target\": \"" +
                                       target + "\"}'");
}

void start(XDesks& desks, const std::string& grants) {
  desks.desks["laptop"].grant("{target: \"link/desk:kernel\", methods: [pipelines.select]}");
  desks.start(grants);
}

}  // namespace

TEST_CASE("A machine that may select takes the input over the link, and gives it back") {
  XDesks desks;
  start(desks,
        "grants:\n"
        "  - {caller: \"link/laptop:control\", target: kernel, methods: [pipelines.select]}\n");
  const Finished taken = ask(desks, "laptop");
  INFO(taken.output << desks.logs());
  REQUIRE(taken.status == 0);
  CHECK(desks.input_is_at() == "laptop");
  CHECK(desks.desks["desk"].ctl("switch").at("switches").at(0).at("reason") ==
        "asked by link/laptop:control");
  CHECK(desks.where_a_key_goes() == "far");
  REQUIRE(ask(desks, "local").status == 0);
  CHECK(desks.where_a_key_goes() == "near");
}

TEST_CASE("A machine without a grant selects nothing: the input stays where it is") {
  XDesks desks;
  start(desks,
        "grants:\n"
        "  - {caller: \"link/laptop:control\", target: kernel, methods: [devices.list]}\n");
  const Finished denied = ask(desks, "laptop");
  INFO(denied.output << desks.logs());
  CHECK(denied.status != 0);
  CHECK_THAT(denied.output, Catch::Contains("has no grant for 'pipelines.select'"));
  CHECK(desks.input_is_at() == "local");
  CHECK(desks.where_a_key_goes() == "near");
}
