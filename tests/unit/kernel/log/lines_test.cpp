#include "kernel/log/lines.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace dkvm;

namespace {

using Lines = std::vector<std::pair<RecordLevel, std::string>>;

struct Collected {
  Lines lines;
  LineSplitter splitter;

  explicit Collected(std::size_t line_bytes_max = kLogLineBytesMax)
      : splitter(
            [this](RecordLevel level, std::string_view text) { lines.emplace_back(level, text); },
            line_bytes_max) {}
};

}  // namespace

TEST_CASE("a prefix is the level of its line and no part of the text") {
  Collected log;
  log.splitter.feed("plain\n<3>bad\n<7>fine\n<9>odd\n<3\n<>\n");
  CHECK(log.lines == Lines{{RecordLevel::info, "plain"},
                           {RecordLevel::error, "bad"},
                           {RecordLevel::debug, "fine"},
                           {RecordLevel::info, "<9>odd"},
                           {RecordLevel::info, "<3"},
                           {RecordLevel::info, "<>"}});
}

TEST_CASE("lines split at any byte are the same lines") {
  const std::string text = "<4>one\ntwo\r\n\n<6>three\n";
  Collected whole;
  whole.splitter.feed(text);
  REQUIRE(whole.lines.size() == 3);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Collected parts;
    parts.splitter.feed(std::string_view(text).substr(0, cut));
    parts.splitter.feed(std::string_view(text).substr(cut));
    REQUIRE(parts.lines == whole.lines);
  }
}

TEST_CASE("what has no newline is a line when the stream ends") {
  Collected log;
  log.splitter.feed("last words");
  CHECK(log.lines.empty());
  log.splitter.finish();
  CHECK(log.lines == Lines{{RecordLevel::info, "last words"}});
  log.splitter.finish();
  CHECK(log.lines.size() == 1);
}

TEST_CASE("a line beyond its limit is cut, says so, and the next one is whole") {
  Collected log(10);
  log.splitter.feed("0123456789");
  log.splitter.feed("abc");
  log.splitter.feed("de\nnext\n");
  CHECK(log.lines ==
        Lines{{RecordLevel::info, "0123456789 [5 bytes cut]"}, {RecordLevel::info, "next"}});
  CHECK(log.splitter.cut_bytes() == 5);
}

TEST_CASE("a line of exactly the limit is not cut") {
  Collected log(10);
  log.splitter.feed("0123456789\n");
  CHECK(log.lines == Lines{{RecordLevel::info, "0123456789"}});
  CHECK(log.splitter.cut_bytes() == 0);
}
