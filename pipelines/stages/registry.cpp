#include "pipelines/stages/registry.hpp"

#include "pipelines/stages/filter.hpp"
#include "pipelines/stages/remap.hpp"

#include <array>
#include <string>

namespace dkvm {

std::span<const StageKind> known_stages() {
  static constexpr std::array<StageKind, 2> kStages = {{
      {"filter", "lets through ({allow: [...]}) or drops ({deny: [...]}) topics and key codes",
       check_filter, make_filter},
      {"remap", "turns key and button codes into others: {KEY_CAPSLOCK: KEY_LEFTCTRL}", check_remap,
       make_remap},
  }};
  return kStages;
}

const StageKind* find_stage(std::string_view name) {
  for (const StageKind& kind : known_stages()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

Result<> check_arguments(const StageKind& kind, const nlohmann::json& arguments) {
  const ArgumentComplaints complaints = kind.check(arguments);
  if (complaints.empty()) return {};
  return fail(Errc::invalid,
              "stage '" + std::string(kind.name) + "': " + complaints.front().message());
}

}  // namespace dkvm
