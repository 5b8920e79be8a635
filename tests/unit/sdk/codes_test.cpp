#include <dkvm/codes.hpp>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <string>

using namespace dkvm;

namespace {

// What the system's own header defines, aliases resolved.
std::map<std::string, unsigned> codes_of_the_system() {
  std::ifstream header("/usr/include/linux/input-event-codes.h");
  const std::regex define(R"(#define\s+((?:KEY|BTN)_\w+)\s+(\w+).*)");
  std::map<std::string, unsigned> codes;
  for (std::string line; std::getline(header, line);) {
    std::smatch part;
    if (!std::regex_match(line, part, define)) continue;
    const std::string value = part[2];
    const auto alias = codes.find(value);
    if (alias == codes.end() && value.find_first_of("(_") != std::string::npos) continue;
    codes[part[1]] =
        alias != codes.end() ? alias->second : static_cast<unsigned>(std::stoul(value, nullptr, 0));
  }
  for (const char* bound : {"KEY_MAX", "KEY_MIN_INTERESTING"}) codes.erase(bound);
  return codes;
}

}  // namespace

TEST_CASE("every key and button of the system's header is known by its name") {
  const auto codes = codes_of_the_system();
  REQUIRE(codes.size() > 600);
  for (const auto& [name, code] : codes) {
    INFO(name);
    CHECK(code_from_name(name) == code);
    CHECK_FALSE(code_name(static_cast<std::uint16_t>(code)).empty());
  }
}

TEST_CASE("a code's name leads back to the code") {
  for (unsigned code = 0; code < 0x300; ++code) {
    const auto name = code_name(static_cast<std::uint16_t>(code));
    if (!name.empty()) CHECK(code_from_name(name) == code);
  }
}

TEST_CASE("names are known at compile time, and only real ones") {
  static_assert(code_from_name("KEY_LEFTCTRL") == 29);
  static_assert(code_name(0x110) == "BTN_LEFT");
  static_assert(!code_from_name("KEY_NOSUCH"));
  static_assert(!code_from_name(""));
  static_assert(code_name(0xFFFF).empty());
  CHECK(code_from_name("BTN_MOUSE") == code_from_name("BTN_LEFT"));
}
