#include "config/suggest.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <array>

using namespace dkvm::detail;

TEST_CASE("the distance counts inserted, deleted, replaced and swapped letters") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("policy", "policy") == 0);
  CHECK(edit_distance("polcy", "policy") == 1);
  CHECK(edit_distance("ploicy", "policy") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("only a slip is guessed at, and the closest candidate wins") {
  constexpr std::array<std::string_view, 4> kKeys = {"name", "restart", "health", "to"};
  CHECK(closest("restrat", kKeys) == "restart");
  CHECK(closest("nam", kKeys) == "name");
  CHECK(closest("colour", kKeys).empty());
  CHECK(closest("x", kKeys).empty());
  CHECK(closest("", kKeys).empty());
  CHECK(did_you_mean("helth", kKeys) == " (did you mean 'health'?)");
  CHECK(did_you_mean("colour", kKeys).empty());
}

TEST_CASE("quoted text is short, printable and cut between characters") {
  CHECK(in_quotes("a\nb\x7f") == "'a?b?'");
  CHECK(in_quotes(std::string(41, 'a')).size() == 40 + std::string_view("'…'").size());
  std::string umlauts = "a";
  for (int i = 0; i < 30; ++i) umlauts += "ä";
  CHECK(in_quotes(umlauts) == fmt::format("'{}…'", umlauts.substr(0, 39)));
}

TEST_CASE("choices read like a sentence") {
  CHECK(one_of(std::array<std::string_view, 1>{"a"}) == "a");
  CHECK(one_of(std::array<std::string_view, 3>{"a", "b", "c"}) == "a, b or c");
}
