#include "kernel/held_notes.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dkvm;

namespace {

constexpr std::uint64_t kStart = 1'000'000'000;

struct Rig {
  std::string told;
  HeldNotes notes{[this](DeviceId device, bool held) {
    told += std::to_string(device) + (held ? "+ " : "- ");
  }};
};

}  // namespace

TEST_CASE("health hears of the first thing held and of the last") {
  Rig rig;
  rig.notes.changed(3, true);
  CHECK(rig.told.empty());
  CHECK(rig.notes.tell(kStart) == HeldNotes::kNever);
  rig.notes.changed(3, false);
  rig.notes.tell(kStart + HeldNotes::kToldEveryNs);
  CHECK(rig.told == "3+ 3- ");
}

TEST_CASE("a quick burst is told once, and its end when it is due") {
  Rig rig;
  rig.notes.changed(1, true);
  rig.notes.tell(kStart);
  for (int i = 0; i < 10; ++i) {
    rig.notes.changed(1, false);
    rig.notes.tell(kStart + 1);
    rig.notes.changed(1, true);
    rig.notes.tell(kStart + 2);
  }
  rig.notes.changed(1, false);
  const std::uint64_t due = rig.notes.tell(kStart + 3);
  CHECK(due == kStart + HeldNotes::kToldEveryNs);
  CHECK(rig.told == "1+ ");
  CHECK(rig.notes.tell(due) == HeldNotes::kNever);
  CHECK(rig.told == "1+ 1- ");
}

TEST_CASE("a new incarnation is told what is held through its device already") {
  Rig rig;
  rig.notes.changed(1, true);
  rig.notes.tell(kStart);
  rig.notes.begin(1);
  rig.notes.tell(kStart + HeldNotes::kToldEveryNs);
  CHECK(rig.told == "1+ 1+ ");
}
