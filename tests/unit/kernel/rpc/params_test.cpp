#include "kernel/rpc/params.hpp"
#include "kernel/rpc/service_table.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <vector>

using namespace dkvm;

namespace {

constexpr std::array<std::string_view, 4> kFields = {"name", "limit", "codes", "after"};

Result<nlohmann::json> page_of(const std::vector<std::string>& names, const std::string& body) {
  const auto params = Params::parse(body, kFields);
  REQUIRE(params);
  return page(
      "names", names, *params, [](const std::string& name) { return name; },
      [](const std::string& name) { return nlohmann::json(name); });
}

}  // namespace

TEST_CASE("parameters are read by name and type") {
  const auto params =
      Params::parse(R"({"name":"kbd","limit":7,"codes":true,"after":null})", kFields);
  REQUIRE(params);
  CHECK(*params->text("name") == "kbd");
  CHECK(**params->number("limit") == 7);
  CHECK(*params->flag("codes"));
  CHECK(*params->text_or("after", "z") == "z");
  CHECK_FALSE(*params->number("nothing"));
}

TEST_CASE("a parameter of another type is named") {
  const auto params = Params::parse(R"({"name":7,"limit":-1,"codes":"yes"})", kFields);
  REQUIRE(params);
  CHECK_THAT(params->text("name").error().message(), Catch::Contains("'name'"));
  CHECK_THAT(params->number("limit").error().message(), Catch::Contains("'limit'"));
  CHECK_THAT(params->flag("codes").error().message(), Catch::Contains("'codes'"));
  CHECK_THAT(params->text("missing").error().message(), Catch::Contains("'missing'"));
}

TEST_CASE("a body that is no object is refused, an empty one is an empty object") {
  CHECK(Params::parse("", kFields));
  for (const char* body : {"[]", "7", "{", "null", "\"text\""})
    CHECK_FALSE(Params::parse(body, kFields));
}

TEST_CASE("a parameter that the method does not know is refused by name") {
  const auto slip = Params::parse(R"({"limt":1})", kFields);
  REQUIRE_FALSE(slip);
  CHECK(slip.error().code() == Errc::invalid);
  CHECK(slip.error().message() ==
        "there is no parameter 'limt', expected name, limit, codes or after "
        "(did you mean 'limit'?)");
  CHECK(Params::parse(R"({"x":1})", {}).error().message() ==
        "there is no parameter 'x', expected none");
}

TEST_CASE("pages of a list give every item once") {
  std::vector<std::string> names;
  for (int i = 100; i < 600; ++i) names.push_back(std::to_string(i));
  std::vector<std::string> got;
  std::string after;
  for (int pages = 0; pages < 100; ++pages) {
    const auto answer = page_of(names, R"({"limit":7,"after":")" + after + "\"}");
    REQUIRE(answer);
    CHECK((*answer)["names"].size() <= 7);
    for (const auto& name : (*answer)["names"]) got.push_back(name);
    if (!answer->contains("next")) break;
    after = (*answer)["next"];
  }
  CHECK((got == names));
}

TEST_CASE("a page ends where an answer would be too large") {
  const std::vector<std::string> names = {std::string(30'000, 'a'), std::string(30'000, 'b')};
  const auto answer = page_of(names, "{}");
  REQUIRE(answer);
  CHECK((*answer)["names"].size() == 1);
  CHECK((*answer)["next"] == names[0]);
}
