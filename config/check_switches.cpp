#include "config/check_parts.hpp"
#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace dkvm::detail {
namespace {

constexpr std::array<std::string_view, 4> kSideNames = {"left", "right", "top", "bottom"};

std::string_view name_of(wire::Side side) { return kSideNames[static_cast<std::size_t>(side)]; }

wire::Side opposite(wire::Side side) {
  return static_cast<wire::Side>(static_cast<std::uint8_t>(side) ^ 1U);
}

class SwitchChecker {
 public:
  SwitchChecker(const SwitchConfig& it, const CheckContext& context)
      : it_(it), context_(context), errors_(context.errors) {
    for (const SwitchTargetConfig& target : it.targets) names_.push_back(target.name);
  }

  void run() {
    check_targets();
    check_hotkeys();
    check_layout();
    check_switch_routes(it_, context_);
  }

 private:
  bool known(std::string_view name) const {
    return std::ranges::find(names_, name) != names_.end();
  }

  void complain_unknown(const Location& at, std::string_view name,
                        std::span<const std::string_view> expected) const {
    errors_.add(at, fmt::format("switch '{}' has no target {}, expected {}{}", it_.name,
                                in_quotes(name), one_of(expected), did_you_mean(name, expected)));
  }

  void check_targets() const {
    if (!known(it_.home)) complain_unknown(it_.home_at, it_.home, names_);
    for (const SwitchTargetConfig& target : it_.targets)
      if (!target.to && target.name != it_.home && known(it_.home))
        errors_.add(target.at, fmt::format("nobody would get the input of target '{}', expected an "
                                           "address: only 'home' may be none",
                                           target.name));
    for (const Address& source : it_.sources)
      if (source.is_link() || source.is_kernel())
        errors_.add(source.at, fmt::format("'{}' is no device of this machine, expected one in "
                                           "'sources'",
                                           source.text()));
  }

  void check_hotkeys() const {
    std::vector<std::string_view> words = names_;
    words.insert(words.end(), {kHotkeyNext, kHotkeyLock});
    std::map<std::pair<std::uint16_t, std::set<std::uint16_t>>, const HotkeyConfig*> chords;
    for (const HotkeyConfig& hotkey : it_.hotkeys) {
      if (std::ranges::find(words, hotkey.name) == words.end())
        complain_unknown(hotkey.at, hotkey.name, words);
      if (hotkey.codes.empty()) continue;
      const auto [first, is_new] = chords.try_emplace(
          {hotkey.codes.back(), {hotkey.codes.begin(), hotkey.codes.end()}}, &hotkey);
      if (!is_new)
        errors_.add(hotkey.at, fmt::format("'{}' has the keys of '{}', expected another chord",
                                           hotkey.name, first->second->name));
    }
  }

  void check_layout() const {
    using Border = std::pair<std::string_view, wire::Side>;
    std::map<Border, std::string_view> written;
    std::map<Border, std::string_view> implied;
    for (const NeighbourConfig& each : it_.layout)
      written.try_emplace({each.target, each.side}, each.beyond);
    for (const NeighbourConfig& each : it_.layout) {
      if (!known(each.target)) complain_unknown(each.target_at, each.target, names_);
      if (!known(each.beyond)) complain_unknown(each.at, each.beyond, names_);
      if (each.target == each.beyond)
        errors_.add(each.at,
                    fmt::format("'{}' lies beyond itself, expected another target", each.target));
      const Border back{each.beyond, opposite(each.side)};
      if (written.contains(back)) continue;
      const auto [first, is_new] = implied.try_emplace(back, each.target);
      if (!is_new && first->second != each.target)
        errors_.add(
            each.at,
            fmt::format("'{}' and '{}' both lie to the {} of '{}', expected one of them, or "
                        "'{}: {{{}: …}}' to say which",
                        first->second, each.target, name_of(back.second), each.beyond, each.beyond,
                        name_of(back.second)));
    }
  }

  const SwitchConfig& it_;
  const CheckContext& context_;
  ErrorList& errors_;
  std::vector<std::string_view> names_;
};

}  // namespace

void check_switches(const CheckContext& context) {
  std::map<std::string_view, const SwitchConfig*> names;
  std::map<std::string_view, std::string_view> takers;  // by device: the switch
  for (const SwitchConfig& each : context.config.switches) {
    if (const auto [first, is_new] = names.try_emplace(each.name, &each);
        !is_new && !each.name.empty())
      context.errors.add(each.at, fmt::format("switch '{}' is there twice, expected it once (the "
                                              "first is at {})",
                                              each.name, to_string(first->second->at)));
    for (const Address& source : each.sources) {
      const auto [taker, is_new] = takers.try_emplace(source.device, each.name);
      if (!is_new && taker->second != each.name)
        context.errors.add(source.at,
                           fmt::format("'{}' is a source of switch '{}' already, expected "
                                       "a device of its own",
                                       source.device, taker->second));
    }
    if (!each.broken) SwitchChecker(each, context).run();
  }
}

}  // namespace dkvm::detail
