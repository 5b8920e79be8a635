// The small books that streams keep.

#include "devices/tcp/streams/links_list.hpp"
#include "devices/tcp/streams/port_ids.hpp"
#include "devices/tcp/streams/progress.hpp"
#include "devices/tcp/streams/staleness.hpp"
#include "devices/tcp/streams/stream_changes.hpp"
#include "devices/tcp/streams/topic_names.hpp"
#include "devices/tcp/streams/unconfirmed.hpp"
#include "devices/tcp/streams/wanted.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using namespace dkvm::tcp;

TEST_CASE("Progress is where nothing before is still open") {
  Progress progress;
  CHECK(progress.applied() == 0);
  for (std::uint64_t i = 1; i <= 5; ++i) progress.sent(i);
  CHECK(progress.applied() == 0);
  progress.dropped(2);
  CHECK(progress.applied() == 0);
  progress.confirmed(1);
  CHECK(progress.applied() == 2);
  CHECK(progress.keep([](std::uint64_t sequence) { return sequence == 4; }) == 2);
  CHECK(progress.applied() == 3);
  progress.confirmed(4);
  CHECK(progress.applied() == 5);
}

TEST_CASE("Unconfirmed events keep the order of all streams until they are confirmed") {
  Unconfirmed events;
  const auto order = [&] {
    std::vector<std::uint16_t> streams;
    events.each([&](std::uint16_t stream, Bytes) { streams.push_back(stream); });
    return streams;
  };
  events.add(1, 1, std::vector<std::byte>(10));
  events.add(2, 1, std::vector<std::byte>(20));
  events.add(1, 2, std::vector<std::byte>(30));
  CHECK(order() == std::vector<std::uint16_t>{1, 2, 1});
  events.confirm(1, 1);
  CHECK(order() == std::vector<std::uint16_t>{2, 1});
  CHECK(events.bytes() == 50);
  CHECK(events.has(1, 2));
  CHECK_FALSE(events.has(1, 1));
  events.drop_stream(2);
  CHECK(events.drop_stale([](Bytes bytes) { return bytes.size() == 30; }) == 1);
  CHECK(events.size() == 0);
  CHECK(events.bytes() == 0);
}

TEST_CASE("Too many unconfirmed events are full, and half of them are not") {
  Unconfirmed events;
  for (std::uint64_t i = 1; i <= kUnconfirmedEventsMax; ++i) events.add(1, i, {});
  CHECK(events.full());
  CHECK_FALSE(events.half_empty());
  events.confirm(1, kUnconfirmedEventsMax / 2);
  CHECK(events.half_empty());
  events.add(2, 1, std::vector<std::byte>(kUnconfirmedBytesMax));
  CHECK(events.full());
}

TEST_CASE("Ids of ports are used again as late as can be") {
  PortIds ids;
  CHECK(ids.take() == 1);
  CHECK(ids.take() == 2);
  ids.give_back(1);
  CHECK(ids.take() == 3);
  for (std::size_t i = 2; i < kPortsPerDeviceMax; ++i) REQUIRE(ids.take() != 0);
  CHECK(ids.take() == 0);
  ids.give_back(2);
  CHECK(ids.take() != 0);
}

TEST_CASE("A name of a topic is told once, and known to have been told") {
  TopicNames names;
  CHECK(names.tell(1024));
  CHECK_FALSE(names.tell(1024));
  CHECK(names.told().contains(1024));
  CHECK(names.learn(1030, "acme/pressure"));
  CHECK(names.name(1030) == "acme/pressure");
  CHECK(names.name(1031).empty());
  for (TopicId id = 2000; id < 2000 + kCustomTopicsMax; ++id) names.learn(id, "x");
  CHECK_FALSE(names.learn(3000, "one too many"));
}

namespace {

template <class Event>
Frame event_of(PayloadWriter& writer, const Event& event) {
  Frame frame{make_header(wire::FrameKind::event), {}, {}, writer.write(event)};
  frame.header.mutate_topic(id_of(topic_of<Event>));
  return frame;
}

}  // namespace

TEST_CASE("Input older than a second is not played, but what lets go is never too late") {
  constexpr std::uint64_t kNow = 10'000'000'000;
  constexpr std::uint64_t kOld = kNow - kInputAgeNsMax - 1;
  PayloadWriter writer;
  CHECK(too_old(event_of(writer, key(30, true)), kOld, kNow));
  CHECK_FALSE(too_old(event_of(writer, key(30, true)), kNow - kInputAgeNsMax, kNow));
  CHECK_FALSE(too_old(event_of(writer, key(30, true)), kNow + 5, kNow));
  CHECK_FALSE(too_old(event_of(writer, key(30, false)), kOld, kNow));
  CHECK(too_old(event_of(writer, button(0x110, true)), kOld, kNow));
  CHECK_FALSE(too_old(event_of(writer, button(0x110, false)), kOld, kNow));
  CHECK(too_old(event_of(writer, motion_by(1, 1)), kOld, kNow));
  CHECK_FALSE(too_old(event_of(writer, Clipboard{}), kOld, kNow));
}

TEST_CASE("The kernel's word which streams are wanted is read, or refused") {
  const auto wanted = read_wanted(
      R"({"revision": 7, "streams": [{"peer": "laptop", "stream": "keys", "direction": "sink",
          "topics": ["key"]},
          {"peer": "couch", "stream": "keys", "direction": "source", "topics": ["key"],
          "device": "uplink"}]})");
  REQUIRE(wanted);
  CHECK(wanted->revision == 7);
  CHECK(wanted->devices == std::map<std::string, std::string>{{"couch", "uplink"}});
  CHECK(wanted->streams ==
        std::vector<WantedStream>{{"laptop", "keys", wire::Direction::sink, {"key"}},
                                  {"couch", "keys", wire::Direction::source, {"key"}}});
  CHECK_FALSE(read_wanted("{}"));
  CHECK_FALSE(read_wanted("nothing"));
  CHECK_FALSE(read_wanted(
      R"({"revision": 1, "streams": [{"peer": "a", "stream": "b", "direction": "up", "topics": []}]})"));
}

TEST_CASE("A page of links is asked for by name and number") {
  const auto page = read_links_page(R"({"after": "laptop", "limit": 3})");
  REQUIRE(page);
  CHECK(page->after == "laptop");
  CHECK(page->limit == 3);
  CHECK(read_links_page("{}")->limit == kLinksPageMax);
  CHECK_FALSE(read_links_page(R"({"limit": 0})"));
  CHECK_FALSE(read_links_page(R"({"afther": "x"})"));
  CHECK_FALSE(read_links_page("[]"));
}

TEST_CASE("A peer may change many streams at once, and then some a second") {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  StreamChanges changes;
  const auto takes = [&](std::uint64_t now) {
    std::size_t taken = 0;
    while (changes.take(now)) ++taken;
    return taken;
  };
  CHECK(takes(5 * kSecond) == kStreamChangesBurstMax);
  CHECK(takes(5 * kSecond) == 0);
  CHECK(takes(6 * kSecond) == kStreamChangesPerSecondMax);
  CHECK(takes(6 * kSecond + kSecond / 2) == kStreamChangesPerSecondMax / 2);
  CHECK(takes(3 * kSecond) == 0);  // a clock that goes back gives nothing
  changes.give_back();
  CHECK(takes(6 * kSecond + kSecond / 2) == 1);
  CHECK(takes(10'000 * kSecond) == kStreamChangesBurstMax);
}
