#include "devices/dummy/jsonl_reader.hpp"

#include "tests/support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

const std::string kKeyLine = R"({"t":0,"key":"KEY_A","down":true})";

std::string error_at_end(JsonlReader& reader) {
  for (;;) {
    const auto record = reader.next();
    if (!record) return record.error().message();
    REQUIRE(*record);
  }
}

}  // namespace

TEST_CASE("a file is read line by line, empty lines and a missing last newline included") {
  const test::TempDir dir;
  const auto path = dir.file("keys.jsonl", kKeyLine + "\n\n" + kKeyLine);
  auto reader = JsonlReader::open(path, Family::keyboard);
  REQUIRE(reader);
  for (int pass = 0; pass < 2; ++pass) {
    for (int i = 0; i < 2; ++i) {
      const auto record = reader->next();
      REQUIRE(record);
      CHECK(*record);
    }
    const auto end = reader->next();
    REQUIRE(end);
    CHECK_FALSE(*end);
    REQUIRE(reader->rewind());
  }
}

TEST_CASE("a file larger than the reader's buffer gives every line") {
  const test::TempDir dir;
  std::string content;
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i)
    content += "{\"t\":" + std::to_string(i) + ",\"motion\":[1,2]}\n";
  auto reader = JsonlReader::open(dir.file("mouse.jsonl", content), Family::mouse);
  REQUIRE(reader);
  for (std::uint64_t i = 0; i < kLines; ++i) {
    const auto record = reader->next();
    REQUIRE(record);
    REQUIRE(*record);
    REQUIRE((*record)->time_ns == i * 1'000'000'000);
  }
  CHECK_FALSE(*reader->next());
}

TEST_CASE("an error says the file, the line, what is wrong and what was expected") {
  const test::TempDir dir;
  const auto path = dir.file("keys.jsonl", kKeyLine + "\n\nnonsense\n");
  auto reader = JsonlReader::open(path, Family::keyboard);
  REQUIRE(reader);
  CHECK(error_at_end(*reader) ==
        path + ":3: no valid JSON at column 2, expected one object a line");
}

TEST_CASE("a keyboard's file holds no motion") {
  const test::TempDir dir;
  const auto path = dir.file("keys.jsonl", "{\"t\":0,\"motion\":[1,2]}\n");
  auto reader = JsonlReader::open(path, Family::keyboard);
  REQUIRE(reader);
  CHECK(error_at_end(*reader) ==
        path + ":1: an event of another kind of device, expected key events");
}

TEST_CASE("a time that goes backwards is refused with the line and both times") {
  const test::TempDir dir;
  const auto path = dir.file("keys.jsonl",
                             "{\"t\":1.5,\"key\":\"KEY_A\",\"down\":true}\n"
                             "{\"t\":1.5,\"key\":\"KEY_A\",\"down\":false}\n"
                             "{\"t\":0.25,\"key\":\"KEY_B\",\"down\":true}\n");
  auto reader = JsonlReader::open(path, Family::keyboard);
  REQUIRE(reader);
  CHECK(error_at_end(*reader) ==
        path + ":3: \"t\" is 0.25, earlier than the line before, expected 1.5 or later");
}

TEST_CASE("a line beyond the limit is refused, one at the limit is not") {
  const test::TempDir dir;
  const auto path =
      dir.file("keys.jsonl", std::string(kLineBytesMax - kKeyLine.size(), ' ') + kKeyLine + "\n" +
                                 std::string(kLineBytesMax + 1, ' ') + "\n");
  auto reader = JsonlReader::open(path, Family::keyboard);
  REQUIRE(reader);
  CHECK(error_at_end(*reader) ==
        path + ":2: a line of more than 65536 bytes, expected one event a line");
}

TEST_CASE("what is no regular file is refused") {
  const test::TempDir dir;
  CHECK(JsonlReader::open(dir.path(), Family::mouse).error().code() == Errc::invalid);
  CHECK(JsonlReader::open("/dev/null", Family::mouse).error().code() == Errc::invalid);
  CHECK(JsonlReader::open(dir.file("none"), Family::mouse).error().code() == Errc::not_found);
}
