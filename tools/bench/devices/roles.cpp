#include "tools/bench/devices/roles.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace dkvm::bench {
namespace {

using Make = std::unique_ptr<Device> (*)(const std::string& control);

struct Role {
  std::string_view name;
  Make make;
};

constexpr std::array kRoles = {
    Role{"source", make_key_source},
    Role{"sink", make_key_sink},
    Role{"number-source", make_number_source},
    Role{"number-sink", make_number_sink},
    Role{"flood-source", make_flood_source},
    Role{"flood-mouse", make_flood_mouse},
    Role{"flood-sink", make_flood_sink},
    Role{"mouse-source", make_mouse_source},
    Role{"mouse-sink", make_mouse_sink},
    Role{"frame-source", make_frame_source},
    Role{"frame-sink", make_frame_sink},
    Role{"bulk-source", make_bulk_source},
    Role{"bulk-sink", make_bulk_sink},
    Role{"pool-opener", make_pool_opener},
    Role{"prober", make_prober},
    Role{"churn-source", make_churn_source},
    Role{"churn-sink", make_churn_sink},
    Role{"auditor", make_auditor},
};

constexpr int kOwnArguments = 2;  // role, control

}  // namespace

int run_role(int argc, char** argv) {
  for (const Role& role : kRoles) {
    if (argc < kOwnArguments || role.name != argv[0]) continue;
    const auto device = role.make(argv[1]);
    // What a kernel asks of a device stands behind the arguments of its own.
    return device_main(*device, argc - kOwnArguments + 1, argv + kOwnArguments - 1);
  }
  std::fputs("dkvm-bench --device: a part of dkvm-bench, which starts it\n", stderr);
  return 2;
}

}  // namespace dkvm::bench
