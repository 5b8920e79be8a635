#include "kernel/rpc/services/devices.hpp"

#include "tests/unit/kernel/rpc/services/asker.hpp"
#include "tests/unit/kernel/rpc/services/idle_kernel.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstddef>
#include <string>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr std::size_t kDevices = 20;

struct Fixture {
  IdleKernel kernel;
  Asker asker;
  std::size_t looked = 0;  // at a process

  Fixture() {
    for (std::size_t i = 0; i < kDevices; ++i) {
      DeviceSpec spec;
      spec.name = fmt::format("device{:02}", i);
      spec.id = kernel.switchboard.names().number(spec.name).value();
      REQUIRE(kernel.devices.add(std::move(spec)));
    }
    DeviceServices{kernel.devices, kernel.switchboard, [](const std::string&) { return nullptr; },
                   [this](ProcessId) {
                     ++looked;
                     return ProcessUsage{2'500'000'000, 4096};
                   }}
        .add_to(asker.table());
  }
};

}  // namespace

TEST_CASE("only the processes of a page are looked at") {
  Fixture f;
  const Json page = f.asker.ask("devices.list", {{"limit", 2}, {"after", "device07"}});
  REQUIRE(page.at("devices").size() == 2);
  CHECK(page.at("devices")[0].at("name") == "device08");
  CHECK(page.at("devices")[0].at("cpu_s") == 2.5);
  CHECK(page.at("devices")[0].at("rss_bytes") == 4096);
  CHECK(page.at("next") == "device09");
  CHECK(f.looked <= 3);  // one more, to see whether it fits
}

TEST_CASE("the pages of a list have every device once") {
  Fixture f;
  CHECK(f.asker.ask_all("devices.list", {{"limit", 3}}, "devices").size() == kDevices);
}

TEST_CASE("a device that does not run has no ports") {
  Fixture f;
  const Json device = f.asker.ask("devices.get", {{"name", "device03"}});
  CHECK(device.at("port_count") == 0);
  CHECK(device.at("ports").empty());
  CHECK_FALSE(device.contains("next"));
  CHECK_FALSE(f.asker.ask("devices.list").at("devices")[0].contains("ports"));
}

TEST_CASE("ports and deaths are not looked for after what no answer gave") {
  Fixture f;
  for (const char* method : {"devices.get", "devices.deaths"}) {
    const auto refused = f.asker.answer(method, {{"name", "device03"}, {"after", "7"}});
    CHECK(refused.code == wire::Code::invalid);
    CHECK(refused.message == "'after' is '7', expected the 'next' of another answer");
  }
}
