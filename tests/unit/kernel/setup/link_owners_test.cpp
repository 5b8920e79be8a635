#include "kernel/setup/link_owners.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("the streams of a peer are those of the device that had some first") {
  LinkOwners owners;
  CHECK(owners.of("laptop").empty());
  owners.update({{"uplink", {"laptop"}}, {"server", {"couch"}}});
  CHECK(owners.of("laptop") == "uplink");
  CHECK(owners.of("couch") == "server");
  owners.update({{"uplink", {"laptop"}}, {"server", {"couch", "laptop"}}});
  CHECK(owners.of("laptop") == "uplink");
}

TEST_CASE("a device that has none of them any more gives the peer to another that has") {
  LinkOwners owners;
  owners.update({{"uplink", {"laptop"}}});
  owners.update({{"uplink", {"laptop"}}, {"server", {"laptop"}}});
  owners.update({{"uplink", {}}, {"server", {"laptop"}}});
  CHECK(owners.of("laptop") == "server");
  owners.update({{"uplink", {"laptop"}}});
  CHECK(owners.of("laptop") == "uplink");
  owners.update({});
  CHECK(owners.of("laptop").empty());
}
