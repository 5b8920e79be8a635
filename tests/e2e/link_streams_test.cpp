#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/sink_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

// What a stream of a link carries: topics of one's own, and the way back.
using namespace dkvm::test;

namespace {

const std::string kParts = DKVM_LINK_PARTS;

// A device of tests/e2e/link_parts.cpp; what it writes is in NAME.txt.
std::string part(const std::string& name, const std::string& words, bool writes = true) {
  return "  " + name + ": {exec: [" + kParts + ", " + words + "]" +
         (writes ? ", config: {file: " + name + ".txt}" : "") + "}\n";
}

std::vector<std::string> lines_of(Desk& desk, const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream text(read_text(desk.path(name + ".txt")));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::size_t count(const std::vector<std::string>& lines, const std::string& line) {
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

std::string logs(LinkedDesks& desks) { return desks["desk"].log() + "\n" + desks["laptop"].log(); }

}  // namespace

TEST_CASE("Topics of one's own arrive under their names, though their numbers differ") {
  LinkedDesks desks;
  // Each kernel gives numbers in the order in which names are said; the laptop is first,
  // so that the link brings it no names that it does not have.
  desks.start("laptop", part("hear", "hear, acme/pedal, acme/other, acme/wheel"),
              "  - {name: in, from: link/desk/own, to: hear}\n");
  desks.start(
      "desk", part("say", "say, acme/wheel, acme/pedal, acme/secret", false),
      "  - {name: out, from: say, to: link/laptop/own, events: [acme/wheel, acme/pedal]}\n");
  const auto heard = [&] { return lines_of(desks["laptop"], "hear"); };
  INFO(logs(desks));
  REQUIRE(eventually(kPatience, [&] { return heard().size() >= 20; }));
  std::map<std::string, std::size_t> came;
  std::set<std::string> numbers_differ;
  for (const std::string& line : heard()) {
    std::istringstream words(line);
    std::string name_here, name_there, number_here, number_there;
    words >> name_here >> number_here >> name_there >> number_there;
    if (number_there.empty()) continue;  // is being written
    INFO(line);
    CHECK(name_here == name_there);
    if (number_here != number_there) numbers_differ.insert(name_here);
    ++came[name_here];
  }
  CHECK(numbers_differ == std::set<std::string>{"acme/pedal", "acme/wheel"});
  CHECK(came["acme/pedal"] >= 5);
  CHECK(came["acme/wheel"] >= 5);
}

TEST_CASE("A far sink's lock state reaches the near keyboard") {
  LinkedDesks desks;
  desks.start("laptop", part("lamp", "lamp", false),
              "  - {name: in, from: link/desk/keys, to: lamp}\n");
  desks.start("desk", part("lit", "lit"), "  - {name: out, from: lit, to: link/laptop/keys}\n");
  INFO(logs(desks));
  const auto heard = [&] { return lines_of(desks["desk"], "lit"); };
  CHECK(eventually(kPatience,
                   [&] { return count(heard(), "on") >= 3 && count(heard(), "off") >= 3; }));
}

TEST_CASE(
    "Without the grant for it no lock state of a peer reaches the keyboard, and it is counted") {
  LinkedDesks desks;
  desks.start("laptop", part("lamp", "lamp", false),
              "  - {name: in, from: link/desk/keys, to: lamp}\n");
  desks.start("desk", part("lit", "lit"), "  - {name: out, from: lit, to: link/laptop/keys}\n",
              ", peers: {laptop: {upstream: [refresh]}}");
  INFO(logs(desks));
  CHECK(eventually(kPatience, [&] {
    const Json link = desks.link("desk", "laptop");
    return link.is_object() && link.at("dropped").at("unasked") >= 5;
  }));
  CHECK(lines_of(desks["desk"], "lit").empty());
}
