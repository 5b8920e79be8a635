#include "config/address.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("each form of an address is taken apart") {
  CHECK(parse_address("keyboard")->device == "keyboard");
  CHECK(parse_address("keyboard")->port.empty());
  CHECK(parse_address("desk/keys")->port == "keys");
  CHECK(parse_address("link/laptop/screen")->is_link());
  CHECK(parse_address("link/laptop/screen")->port == "laptop/screen");
  CHECK(parse_address("link/laptop")->port == "laptop");
  CHECK(parse_address("kernel/devices")->is_kernel());
}

TEST_CASE("an address is written as it was read") {
  for (const char* text : {"keyboard", "desk/keys", "link/laptop/screen", "kernel/devices"})
    CHECK(parse_address(text)->text() == text);
}

TEST_CASE("what is no address is refused") {
  for (const char* text : {"", "/", "a/", "/a", "a//b", "a/b/c", "link", "link/", "link//x",
                           "link/a/b/c", "A", "a b", "link/laptop:screen", "-a", "a/*"}) {
    INFO(text);
    REQUIRE_FALSE(parse_address(text));
    CHECK(parse_address(text).error().code() == Errc::invalid);
  }
}

TEST_CASE("a device beyond a link is its peer and its name") {
  const auto far = parse_far_address("link/laptop:panel");
  REQUIRE(far);
  CHECK(far->peer == "laptop");
  CHECK(far->device == "panel");
  for (const char* text :
       {"", "link/", "link/laptop", "link/:panel", "link/laptop:", "laptop:panel", "link/laptop:*",
        "link/a/b:c", "link/a:b:c", "link/a:link/b:c", "Link/a:b"}) {
    INFO(text);
    CHECK_FALSE(parse_far_address(text));
  }
}

TEST_CASE("names are short and plain") {
  CHECK_FALSE(name_complaint("kbd-0_left"));
  CHECK_FALSE(name_complaint(std::string(64, 'a')));
  CHECK(name_complaint(std::string(65, 'a')));
  for (const char* text : {"", "-a", "_a", "A", "a.b", "ä"}) CHECK(name_complaint(text));
}
