#include "devices/control/json_members.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("members keep their values as they were written") {
  const std::string text =
      R"( { "a" : 1.50 ,"b":{"x":[1, "}"]}, "c":"q\"}\\", "d":[] ,"\u0065":null } )";
  const auto members = json_members(text);
  REQUIRE(members);
  REQUIRE(members->size() == 5);
  CHECK((*members)[0].key == "a");
  CHECK((*members)[0].value == "1.50");
  CHECK((*members)[1].value == R"({"x":[1, "}"]})");
  CHECK((*members)[2].value == R"("q\"}\\")");
  CHECK((*members)[3].value == "[]");
  CHECK((*members)[4].key == "e");
  CHECK((*members)[4].value == "null");
}

TEST_CASE("an empty object has no members") {
  const auto members = json_members("{ }");
  REQUIRE(members);
  CHECK(members->empty());
}

TEST_CASE("what is no JSON object is invalid") {
  for (const char* text : {"", "{", "[1]", "7", "{}{}", "{\"a\":}", "{\"a\":\"\xff\"}"}) {
    CAPTURE(text);
    const auto members = json_members(text);
    REQUIRE_FALSE(members);
    CHECK(members.error().code() == Errc::invalid);
  }
}

TEST_CASE("a member that is there twice is invalid and named") {
  const auto members = json_members(R"({"id":1,"\u0069d":2})");
  REQUIRE_FALSE(members);
  CHECK(members.error().message() == "'id' is there twice");
}

TEST_CASE("nesting of any depth is walked without recursion") {
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  const std::string line = "{\"params\":" + deep + "}";
  const auto members = json_members(line);
  REQUIRE(members);
  CHECK(members->front().value == deep);
}
