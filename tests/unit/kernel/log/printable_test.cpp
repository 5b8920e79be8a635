#include <catch2/catch.hpp>

#include "kernel/log/lines.hpp"

using namespace dkvm;

TEST_CASE("text that is printable stays as it is") {
  const std::string text = "plain, \ttabbed, \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xB9";
  CHECK(printable(text) == text);
}

TEST_CASE("what a terminal would obey is escaped") {
  CHECK(printable("a\x1B[2Jb") == "a\\x1b[2Jb");
  CHECK(printable(std::string_view("nul\0", 4)) == "nul\\x00");
  CHECK(printable("\x7F") == "\\x7f");
  CHECK(printable("\xC2\x9B") == "\\x9b");
  CHECK(printable("one\ntwo") == "one\\x0atwo");
}

TEST_CASE("bytes that are no UTF-8 are replaced one by one") {
  const std::string replaced = "\xEF\xBF\xBD";
  CHECK(printable("\xFF") == replaced);
  CHECK(printable("\xC3") == replaced);                                // cut short
  CHECK(printable("\xC0\xAF") == replaced + replaced);                 // too long a form
  CHECK(printable("\xED\xA0\x80") == replaced + replaced + replaced);  // a surrogate
  CHECK(printable("\xF4\x90\x80\x80").size() == 4 * replaced.size());  // beyond U+10FFFF
  CHECK(printable("\xE2\x82z") == replaced + replaced + "z");
}
