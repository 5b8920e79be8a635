#include "devices/dummy/display/sequence_check.hpp"

#include <catch2/catch.hpp>

using dkvm::dummy::SequenceCheck;

TEST_CASE("pictures that were left out are counted, from the first that came") {
  SequenceCheck check(1000);
  CHECK(check.note(5, 0, 0) == 0);
  CHECK(check.note(6, 0, 0) == 0);
  CHECK(check.note(9, 0, 0) == 2);
  CHECK(check.note(11, 0, 0) == 1);
  CHECK(check.lost() == 3);
  CHECK(check.last() == 11);
}

TEST_CASE("a picture is late when it is older than it may be") {
  SequenceCheck check(1000);
  check.note(1, 5000, 6000);
  CHECK(check.late() == 0);
  check.note(2, 5000, 6001);
  CHECK(check.late() == 1);
  check.note(3, 7000, 6001);  // clocks of two machines
  CHECK(check.late() == 1);
}

TEST_CASE("a picture that is sent again, and a source that begins anew, have lost nothing") {
  SequenceCheck check(1000);
  check.note(8, 0, 0);
  check.note(8, 0, 0);
  check.note(1, 0, 0);
  check.note(2, 0, 0);
  CHECK(check.lost() == 0);
  CHECK(check.repeated() == 1);
  CHECK(check.backwards() == 1);
}
