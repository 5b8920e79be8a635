#include "kernel/rpc/services/switches.hpp"

#include "config/suggest.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dkvm {
namespace {

// Sources answer within 400 ms, or are taken for refusing; this is for a kernel that is busy.
constexpr std::uint64_t kDecidedNs = 3'000'000'000;

nlohmann::json describe(const SwitchStatus& it) {
  nlohmann::json targets = nlohmann::json::array();
  for (const SwitchStatus::Target& target : it.targets)
    targets.push_back({{"name", target.name},
                       {"to", target.to.empty() ? "none" : target.to},
                       {"state", name(target.state)}});
  return {{"name", it.name},    {"target", it.target},  {"wanted", it.wanted},
          {"home", it.home},    {"locked", it.locked},  {"reason", it.reason},
          {"targets", targets}, {"sources", it.sources}};
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& names) {
  return detail::did_you_mean(written, std::vector<std::string_view>(names.begin(), names.end()));
}

// The switch of this name, or the only one there is.
Result<SwitchStatus> find(const Router& router, const std::string& wanted) {
  const auto switches = router.switches();
  if (switches.empty()) return fail(Errc::not_found, "there is no switch in the configuration");
  std::vector<std::string> names;
  for (const SwitchStatus& each : switches) {
    if (each.name == wanted || (wanted.empty() && switches.size() == 1)) return each;
    names.push_back(each.name);
  }
  if (wanted.empty())
    return fail(Errc::invalid, fmt::format("'switch' must be given, as there are several: {}",
                                           fmt::join(names, ", ")));
  return fail(Errc::not_found, fmt::format("there is no switch {}{}", detail::in_quotes(wanted),
                                           did_you_mean(wanted, names)));
}

Result<> check_target(const SwitchStatus& it, const std::string& target) {
  std::vector<std::string> names;
  for (const SwitchStatus::Target& each : it.targets) names.push_back(each.name);
  if (std::ranges::find(names, target) != names.end()) return {};
  return fail(Errc::not_found, fmt::format("switch '{}' has no target {}, expected {}{}", it.name,
                                           detail::in_quotes(target), fmt::join(names, ", "),
                                           did_you_mean(target, names)));
}

// The answer to a wish that was fulfilled.
Result<nlohmann::json> now_of(const Router& router, const std::string& name) {
  DKVM_TRY(const SwitchStatus it, find(router, name));
  return nlohmann::json{{"switch", it.name},
                        {"target", it.target},
                        {"wanted", it.wanted},
                        {"locked", it.locked},
                        {"reason", it.reason}};
}

struct Wished {
  std::string name;
  std::uint64_t number = 0;
};

Result<Wished> begin(Switchboard& switchboard, const ServiceCall& call, const Params& params) {
  DKVM_TRY(const std::string name, params.text_or("switch", ""));
  DKVM_TRY(const std::string target, params.text("target"));
  SwitchWish wish{target, fmt::format("asked by {}", call.caller), std::nullopt};
  if (params.find("lock") != nullptr) {
    DKVM_TRY(wish.lock, params.flag("lock"));
  }
  Router& router = switchboard.router();
  DKVM_TRY(const SwitchStatus it, find(router, name));
  DKVM_CHECK(check_target(it, target));
  DKVM_TRY(const std::uint64_t number, router.select(it.name, wish, now_ns()));
  switchboard.settle_soon();
  return Wished{it.name, number};
}

}  // namespace

void SwitchServices::add_to(ServiceTable& table) {
  table.add("pipelines.switches", {"after", "limit"},
            [*this](const ServiceCall&, const Params& params) {
              auto all = switchboard.router().switches();
              std::ranges::sort(all, {}, &SwitchStatus::name);
              return page(
                  "switches", all, params, [](const SwitchStatus& each) { return each.name; },
                  [](const SwitchStatus& each) { return describe(each); });
            });
  table.add_later("pipelines.select", {"switch", "target", "lock"},
                  [*this](const ServiceCall& call, const Params& params, Respond respond) {
                    const auto wished = begin(switchboard, call, params);
                    if (!wished) return respond(fail(wished.error()));
                    const auto attempt = [this_router = &switchboard.router(), wished = *wished,
                                          respond](bool last) {
                      const auto outcome = this_router->switch_outcome(wished.name, wished.number);
                      if (!outcome && !last) return false;
                      if (!outcome)
                        respond(fail(Errc::timeout, "the sources have not answered"));
                      else if (!*outcome)
                        respond(fail(outcome->error()));
                      else
                        respond(now_of(*this_router, wished.name));
                      return true;
                    };
                    const std::uint64_t now = now_ns();
                    const auto waits = polls.wait(call.device, now + kDecidedNs, now, attempt,
                                                  [respond] { return respond.wanted(); });
                    if (!waits) respond(fail(waits.error()));
                  });
}

}  // namespace dkvm
