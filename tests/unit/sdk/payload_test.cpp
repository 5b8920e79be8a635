#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("an event written as a payload is read back") {
  PayloadWriter writer;
  const auto motion = read_payload<PointerMotion>(writer.write(motion_to(3, 4, 1920, 1080)));
  REQUIRE(motion);
  CHECK(motion->absolute);
  CHECK(motion->width == 1920);
  CHECK(motion->y == 4);
}

TEST_CASE("a payload of another shape is corrupt, never read") {
  const std::vector<std::byte> junk(40, std::byte{0xEE});
  const auto key_read = read_payload<Key>(junk);
  REQUIRE_FALSE(key_read);
  CHECK(key_read.error().code() == Errc::corrupt);
  CHECK_FALSE(verify_event(id_of(wire::Topic::key), junk));
  CHECK_FALSE(verify_event(kCustomTopicFirst, junk));
}

TEST_CASE("a topic that this version does not know passes unread") {
  const std::vector<std::byte> junk(8, std::byte{0xEE});
  CHECK(verify_event(40, junk));
}

TEST_CASE("every well-known topic has a name that leads back to it") {
  for (const wire::Topic topic : wire::EnumValuesTopic()) {
    if (topic == wire::Topic::none || topic == wire::Topic::custom_first) continue;
    CHECK(well_known_topic(well_known_name(id_of(topic))) == id_of(topic));
  }
  CHECK_FALSE(well_known_topic("custom_first"));
}
