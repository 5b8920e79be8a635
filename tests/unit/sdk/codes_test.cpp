#include <catch2/catch.hpp>

#include <dkvm/codes.hpp>

#include <linux/input-event-codes.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

using namespace dkvm;

namespace {

// Name -> code of every KEY_ and BTN_ in the system's own header.
std::map<std::string, int> system_codes() {
  std::ifstream file("/usr/include/linux/input-event-codes.h");
  std::map<std::string, int> codes;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string define;
    std::string name;
    std::string value;
    words >> define >> name >> value;
    if (define != "#define" || name == "KEY_MAX" || name == "KEY_CNT") continue;
    if (name.rfind("KEY_", 0) != 0 && name.rfind("BTN_", 0) != 0) continue;
    codes[name] = codes.contains(value) ? codes[value] : std::stoi(value, nullptr, 0);
  }
  return codes;
}

}  // namespace

TEST_CASE("the table of codes is that of the system's header, name by name") {
  const auto codes = system_codes();
  REQUIRE(codes.size() > 500);
  for (const auto& [name, code] : codes) {
    INFO(name);
    REQUIRE(code_named(name) == code);
  }
  REQUIRE(kCodeNames.size() >= codes.size());
}

TEST_CASE("the table is sorted and within the limit") {
  for (std::size_t i = 0; i < kCodeNames.size(); ++i) {
    if (i > 0) REQUIRE(kCodeNames[i - 1].name < kCodeNames[i].name);
    REQUIRE(kCodeNames[i].code < kInputCodesMax);
  }
  REQUIRE(kInputCodesMax == KEY_CNT);
}

TEST_CASE("names and codes find each other") {
  REQUIRE(code_named("KEY_LEFTCTRL") == KEY_LEFTCTRL);
  REQUIRE_FALSE(code_named("KEY_NOPE"));
  REQUIRE(code_name(KEY_A) == "KEY_A");
  REQUIRE(code_name(767).empty());
  for (const int code : {KEY_LEFTCTRL, KEY_RIGHTCTRL, KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTALT,
                         KEY_RIGHTALT, KEY_LEFTMETA, KEY_RIGHTMETA})
    REQUIRE(is_modifier(static_cast<std::uint16_t>(code)));
  REQUIRE_FALSE(is_modifier(KEY_CAPSLOCK));
}
