#include "devices/media/numbered_name.hpp"

#include "devices/media/new_file.hpp"
#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::media;
using dkvm::test::TempDir;

TEST_CASE("a numbered row goes on behind the largest number that is there, whatever is missing") {
  const TempDir dir;
  const auto row = NumberedName::parse(dir.file("a-%06d.png")).value();
  REQUIRE(row);
  CHECK(row->next() == 1);
  for (const char* name : {"a-000003.png", "a-000017.png", "a-1000000.png.tmp", "a-x99.png",
                           "b-000099.png", "a-.png", "a-99.jpg"})
    dir.file(name, "x");
  CHECK(row->next() == 18);
  dir.file("a-1000000.png", "x");  // wider than its place
  CHECK(row->next() == 1'000'001);
}

TEST_CASE("a name has one place for a number at most, and not in its folder") {
  CHECK_FALSE(NumberedName::parse("a.png").value());
  CHECK_FALSE(NumberedName::parse("100%.png").value());
  CHECK_FALSE(NumberedName::parse("100%%d.png").value());
  const auto name = NumberedName::parse("x/50%%-%d.png").value();
  REQUIRE(name);
  CHECK(name->prefix == "x/50%-");
  CHECK(name->suffix == ".png");
  CHECK(NumberedName::parse("%d-%d.png").error().message() ==
        "'%d-%d.png' has 2 places for a number, expected one such as %06d");
  CHECK(NumberedName::parse("%d/a.png").error().code() == Errc::invalid);
}

TEST_CASE("a free name is beside those that are there, and takes an empty one") {
  const TempDir dir;
  const std::string film = dir.file("film.mp4");
  CHECK(free_name(film) == film);
  dir.file("film.mp4", "");
  CHECK(free_name(film) == film);
  dir.file("film.mp4", "x");
  dir.file("film.2.mp4", "x");
  CHECK(free_name(film) == dir.file("film.3.mp4"));
}
