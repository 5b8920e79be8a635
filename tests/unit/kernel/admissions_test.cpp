#include "kernel/admissions.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace dkvm;

namespace {

struct Rig {
  Admissions admissions;
  std::set<DeviceId> starting;
  std::vector<DeviceId> let_in;

  std::uint64_t admit(std::uint64_t now_ns) {
    return admissions.admit(
        now_ns, [this](DeviceId sink) { return starting.contains(sink); },
        [this](DeviceId device) {
          let_in.push_back(device);
          starting.erase(device);
          return true;
        });
  }
};

}  // namespace

TEST_CASE("a device that feeds nobody is let in at once") {
  Rig rig;
  rig.admissions.wait(1, 100);
  CHECK(rig.admit(100) == Admissions::kNever);
  CHECK(rig.let_in == std::vector<DeviceId>{1});
}

TEST_CASE("a chain is let in from its end, in one go") {
  Rig rig;
  rig.admissions.set_feeds({{1, {2}}, {2, {3}}});
  rig.starting = {1, 2, 3};
  for (DeviceId device = 1; device <= 3; ++device) rig.admissions.wait(device, 100);
  CHECK(rig.admit(100) == Admissions::kNever);
  CHECK(rig.let_in == std::vector<DeviceId>{3, 2, 1});
}

TEST_CASE("a source waits for a sink that starts, but not for ever") {
  Rig rig;
  rig.admissions.set_feeds({{1, {2}}});
  rig.starting = {2};
  rig.admissions.wait(1, 100);
  const std::uint64_t due = rig.admit(200);
  CHECK(due == 100 + Admissions::kSinksTimeMaxNs);
  CHECK(rig.let_in.empty());
  CHECK(rig.admit(due - 1) == due);
  CHECK(rig.admit(due) == Admissions::kNever);
  CHECK(rig.let_in == std::vector<DeviceId>{1});
}

TEST_CASE("a source does not wait for a sink that will not come") {
  Rig rig;
  rig.admissions.set_feeds({{1, {2}}});
  rig.admissions.wait(1, 100);
  rig.admit(100);
  CHECK(rig.let_in == std::vector<DeviceId>{1});
}

TEST_CASE("one that is gone is not let in") {
  Rig rig;
  rig.admissions.set_feeds({{1, {2}}});
  rig.starting = {2};
  rig.admissions.wait(1, 100);
  rig.admissions.forget(1);
  CHECK(rig.admit(std::uint64_t{1} << 60) == Admissions::kNever);
  CHECK(rig.let_in.empty());
}
