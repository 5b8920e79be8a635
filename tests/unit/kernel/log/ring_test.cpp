#include "kernel/log/ring.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

namespace {

LogRecord record(std::string device, std::string text, RecordLevel level = RecordLevel::info) {
  return {0, 0, level, std::move(device), std::move(text)};
}

std::vector<std::string> texts(const LogPage& page) {
  std::vector<std::string> all;
  for (const LogRecord& one : page.records) all.push_back(one.text);
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("records are read in order, from where the reader was") {
  LogRing ring;
  for (const char* text : {"a", "b", "c"}) ring.append(record("kbd0", text));
  const LogPage first = ring.read(0, {}, 2);
  CHECK(texts(first) == Texts{"a", "b"});
  const LogPage second = ring.read(first.next_after, {});
  CHECK(texts(second) == Texts{"c"});
  CHECK(second.next_after == 3);
  const LogPage none = ring.read(second.next_after, {});
  CHECK(none.records.empty());
  CHECK(none.next_after == 3);
}

TEST_CASE("a full ring drops the oldest and tells a slow reader how many") {
  LogRing ring(10 * (sizeof(LogRecord) + 10));
  for (int i = 0; i < 100; ++i) ring.append(record("", "0123456789"));
  CHECK(ring.records() == 10);
  CHECK(ring.bytes() <= 10 * (sizeof(LogRecord) + 10));
  const LogPage page = ring.read(50, {});
  CHECK(page.lost == 40);
  CHECK(page.records.front().sequence == 91);
  CHECK(page.next_after == 100);
  CHECK(ring.read(0, {}).lost == 0);
  CHECK(ring.read(90, {}).lost == 0);
}

TEST_CASE("filters choose by device, by side and by level") {
  LogRing ring;
  ring.append(record("", "kernel"));
  ring.append(record("kbd0", "device"));
  ring.append(record("kbd1", "bad", RecordLevel::error));
  LogFilter filter;
  filter.device = "kbd0";
  CHECK(texts(ring.read(0, filter)) == Texts{"device"});
  filter = {};
  filter.source = LogFilter::Source::kernel;
  CHECK(texts(ring.read(0, filter)) == Texts{"kernel"});
  filter.source = LogFilter::Source::devices;
  CHECK(texts(ring.read(0, filter)) == Texts{"device", "bad"});
  filter = {};
  filter.level = RecordLevel::warning;
  const LogPage page = ring.read(0, filter);
  CHECK(texts(page) == Texts{"bad"});
  CHECK(page.next_after == 3);
}

TEST_CASE("a ring that is to keep less drops the oldest at once") {
  LogRing ring;
  for (int i = 1; i <= 10; ++i) ring.append(record("kbd0", std::to_string(i)));
  ring.limit(kLogRingBytesDefault, 2);
  CHECK(texts(ring.read(0, {})) == Texts{"9", "10"});
  ring.limit(1, 2);
  CHECK(texts(ring.read(0, {})) == Texts{"10"});  // the newest stays, whatever its size
  ring.limit(kLogRingBytesDefault, kLogRingRecordsDefault);
  ring.append(record("kbd0", "11"));
  CHECK(texts(ring.read(0, {})) == Texts{"10", "11"});
}

TEST_CASE("a reader that filters everything away still moves on") {
  LogRing ring;
  for (int i = 0; i < 5; ++i) ring.append(record("kbd0", "x"));
  LogFilter filter;
  filter.device = "other";
  CHECK(ring.read(0, filter).next_after == 5);
}

TEST_CASE("a page is bounded in bytes but never empty for that") {
  LogRing ring;
  for (int i = 0; i < 5; ++i) ring.append(record("kbd0", std::string(1000, 'x')));
  CHECK(ring.read(0, {}, 100, 2500).records.size() == 2);
  const LogPage page = ring.read(0, {}, 100, 500);
  REQUIRE(page.records.size() == 1);
  CHECK(page.records.front().text.size() < 500);
  CHECK_THAT(page.records.front().text, Catch::EndsWith(" bytes cut]"));
  CHECK(page.next_after == 1);
  CHECK(page.more);
  CHECK_FALSE(ring.read(4, {}).more);
}

TEST_CASE("the last records that match are found from the end") {
  LogRing ring;
  for (int i = 1; i <= 100; ++i)
    ring.append(record(i % 10 == 0 ? "tens" : "other", std::to_string(i)));
  CHECK(texts(ring.read(ring.before_last(2, {}), {})) == Texts{"99", "100"});
  LogFilter tens;
  tens.device = "tens";
  CHECK(texts(ring.read(ring.before_last(2, tens), tens)) == Texts{"90", "100"});
  CHECK(ring.read(ring.before_last(50, tens), tens).records.size() == 10);
  CHECK(ring.before_last(0, {}) == 100);
  tens.device = "nobody";
  CHECK(ring.before_last(5, tens) == 100);
}

TEST_CASE("a page that looks in vain for long ends early and asks to be continued") {
  LogRing ring(1 << 30, kLogScanRecordsMax + 10);
  for (std::size_t i = 0; i < kLogScanRecordsMax + 5; ++i) ring.append(record("loud", ""));
  ring.append(record("quiet", "here"));
  LogFilter quiet;
  quiet.device = "quiet";
  const LogPage page = ring.read(0, quiet);
  CHECK(page.records.empty());
  CHECK(page.more);
  CHECK(texts(ring.read(page.next_after, quiet)) == Texts{"here"});
}

TEST_CASE("a ring keeps no more records than it was told") {
  LogRing ring(kLogRingBytesDefault, 3);
  for (int i = 0; i < 10; ++i) ring.append(record("", std::to_string(i)));
  CHECK(texts(ring.read(0, {})) == Texts{"7", "8", "9"});
}

TEST_CASE("a record larger than the ring is cut between characters") {
  LogRing ring(sizeof(LogRecord) + 5);
  std::string text;
  for (int i = 0; i < 10; ++i) text += "\xC3\xA9";
  CHECK(ring.append(record("", text)).text == "\xC3\xA9\xC3\xA9");
  CHECK(ring.records() == 1);
  CHECK(ring.bytes() <= sizeof(LogRecord) + 5);
}

TEST_CASE("the tail of a device is its last lines, oldest first") {
  LogRing ring;
  for (const char* text : {"1", "2", "3"}) {
    ring.append(record("kbd0", text));
    ring.append(record("other", "no"));
  }
  CHECK(ring.tail("kbd0", 2, 100) == Texts{"2", "3"});
  CHECK(ring.tail("kbd0", 10, 1) == Texts{"3"});
  CHECK(ring.tail("nobody", 10, 100).empty());
}
