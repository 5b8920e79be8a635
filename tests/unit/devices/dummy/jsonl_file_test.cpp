#include "devices/dummy/jsonl_file.hpp"

#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

const std::string kFirst = "{\"t\":0,\"motion\":[1,2]}\n";
const std::string kSecond = "{\"t\":2.5,\"scroll\":[0,120]}\n";
const std::string kNew = "{\"t\":3,\"motion\":[9,9]}\n";

void append_new(JsonlFile& file) {
  REQUIRE(file.append({3'000'000'000, motion_by(9, 9)}));
  REQUIRE(file.flush());
}

}  // namespace

TEST_CASE("a file is continued after its last line") {
  const test::TempDir dir;
  const auto path = dir.file("mouse.jsonl", kFirst + kSecond);
  auto file = JsonlFile::open(path, Family::mouse, JsonlFile::Begin::append);
  REQUIRE(file);
  CHECK(file->has_records());
  CHECK(file->last_time_ns() == 2'500'000'000);
  append_new(*file);
  CHECK(test::read_file(path) == kFirst + kSecond + kNew);
}

TEST_CASE("a line that was cut short at any byte is taken off") {
  const test::TempDir dir;
  for (std::size_t cut = 0; cut + 1 < kSecond.size(); ++cut) {
    const auto path = dir.file("mouse.jsonl", kFirst + kSecond.substr(0, cut));
    auto file = JsonlFile::open(path, Family::mouse, JsonlFile::Begin::append);
    REQUIRE(file);
    CHECK(file->last_time_ns() == 0);
    append_new(*file);
    CHECK(test::read_file(path) == kFirst + kNew);
  }
}

TEST_CASE("every kind of line that was cut short at any byte is known as ours") {
  const std::string lines[] = {
      R"({"t":12.000000001,"key":"KEY_A","down":true})",
      R"({"t":0,"key":767,"down":false,"text":"a\\\"\u0007\u20ac"})",
      R"({"t":1,"button":"BTN_LEFT","down":true})",
      R"({"t":1,"motion":[-1.5e-7,3]})",
      R"({"t":1,"position":[0.1,2],"size":[1280,720]})",
      R"({"t":1,"scroll":[-120,0]})",
  };
  for (const auto& line : lines)
    for (std::size_t cut = 1; cut <= line.size(); ++cut) {
      INFO(line.substr(0, cut));
      CHECK(is_cut_line(std::string_view(line).substr(0, cut)));
    }
}

TEST_CASE("a record without its newline is kept and gets one") {
  const test::TempDir dir;
  const std::string by_hand = R"({ "t": 2.5, "scroll": [0, 120] })";
  for (const std::string& last : {kSecond.substr(0, kSecond.size() - 1), by_hand}) {
    const auto path = dir.file("mouse.jsonl", kFirst + last);
    auto file = JsonlFile::open(path, Family::mouse, JsonlFile::Begin::append);
    REQUIRE(file);
    CHECK(file->has_records());
    CHECK(file->last_time_ns() == 2'500'000'000);
    append_new(*file);
    CHECK(test::read_file(path) == kFirst + last + "\n" + kNew);
  }
}

TEST_CASE("a file whose only line was cut short is empty again") {
  const test::TempDir dir;
  const auto path = dir.file("mouse.jsonl", kFirst.substr(0, 9));
  auto file = JsonlFile::open(path, Family::mouse, JsonlFile::Begin::append);
  REQUIRE(file);
  CHECK_FALSE(file->has_records());
  CHECK(test::read_file(path).empty());
}

TEST_CASE("a file that holds something else is refused and left as it is") {
  const test::TempDir dir;
  for (const std::string& content :
       {std::string("my precious notes"), std::string("my diary\n"),
        std::string(3 * kLineBytesMax, 'x'), kFirst + "\n", std::string("{\"to\":\"do"),
        std::string("{}"), std::string("{\"t\":0,\"key\":\"KEY_A\",\"down\":true}\n"),
        std::string("my diary\n{\"t\":0,\"mo"), kFirst + "and then",
        kFirst + "{\"t\":0,\"motion\":[1,2]}x", kFirst + std::string(9, '\0')}) {
    const auto path = dir.file("diary", content);
    const auto file = JsonlFile::open(path, Family::mouse, JsonlFile::Begin::append);
    REQUIRE_FALSE(file);
    CHECK(file.error().code() == Errc::invalid);
    CHECK(test::read_file(path) == content);
  }
}

TEST_CASE("a file that begins anew is empty") {
  const test::TempDir dir;
  const auto path = dir.file("mouse.jsonl", kFirst);
  auto file = JsonlFile::open(path, Family::mouse, JsonlFile::Begin::anew);
  REQUIRE(file);
  append_new(*file);
  CHECK(test::read_file(path) == kNew);
}

TEST_CASE("a full disk is an error that names the file") {
  auto file = JsonlFile::open("/dev/full", Family::mouse, JsonlFile::Begin::append);
  REQUIRE(file);
  REQUIRE(file->append({0, motion_by(1, 2)}));
  const auto flushed = file->flush();
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().code() == Errc::exhausted);
  CHECK(flushed.error().message() == "writing '/dev/full': No space left on device");
}
