#include "kernel/session/topic_table.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace dkvm;

TEST_CASE("a topic keeps its number, whoever names it") {
  TopicTable topics;
  CHECK(topics.intern("key", 1) == id_of(wire::Topic::key));
  CHECK(topics.intern("acme/pedal", 1) == kCustomTopicFirst);
  CHECK(topics.intern("acme/wheel", 2) == kCustomTopicFirst + 1);
  CHECK(topics.intern("acme/pedal", 2) == kCustomTopicFirst);
  CHECK(topics.name(kCustomTopicFirst + 1) == "acme/wheel");
  CHECK(topics.size() == 2);
  CHECK(topics.since(1).size() == 1);
}

TEST_CASE("one device cannot take all numbers, but may use those that others brought") {
  TopicTable topics;
  REQUIRE(topics.intern("from-another", 1));
  for (std::size_t i = 0; i < TopicTable::kTopicsPerDeviceMax; ++i)
    REQUIRE(topics.intern("mine/" + std::to_string(i), 2));
  const auto refused = topics.intern("one-more", 2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::invalid);
  CHECK(topics.intern("from-another", 2));
  CHECK(topics.intern("key", 2));
  CHECK(topics.intern("one-more", 3));
}

TEST_CASE("a full table says that it is the kernel's, and a bad name that it is the device's") {
  TopicTable topics;
  for (std::size_t i = 0; i < kCustomTopicsMax; ++i)
    REQUIRE(topics.intern(std::to_string(i), static_cast<DeviceId>(1 + i / 100)));
  CHECK(topics.intern("one-more", 50).error().code() == Errc::exhausted);
  CHECK(topics.intern("", 50).error().code() == Errc::invalid);
  CHECK(topics.intern(std::string(kNameBytesMax + 1, 'x'), 50).error().code() == Errc::invalid);
}

TEST_CASE("a peer that brings names without end takes none from its device and other peers") {
  TopicTable topics;
  for (std::size_t i = 0; i < TopicTable::kTopicsPerPeerMax; ++i)
    REQUIRE(topics.intern("laptop/" + std::to_string(i), 1, "laptop"));
  CHECK(topics.intern("one-more", 1, "laptop").error().code() == Errc::invalid);
  CHECK(topics.intern("one-more", 2, "laptop").error().code() == Errc::invalid);  // by another link
  CHECK(topics.intern("one-more", 1, "couch"));
  CHECK(topics.intern("one-more", 1, "laptop"));  // that is known by now
  CHECK(topics.intern("its-own", 1));
}

TEST_CASE("all peers together leave half of the numbers to the devices of this machine") {
  TopicTable topics;
  for (std::size_t i = 0; i < TopicTable::kTopicsOfPeersMax; ++i)
    REQUIRE(topics.intern(std::to_string(i), 1, "peer" + std::to_string(i)));
  CHECK(topics.intern("one-more", 1, "another").error().code() == Errc::exhausted);
  CHECK(topics.intern("one-more", 1));
}
