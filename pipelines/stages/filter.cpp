#include "pipelines/stages/filter.hpp"

#include "pipelines/stages/input_code.hpp"
#include "pipelines/topic_set.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <bitset>
#include <string>

namespace dkvm {
namespace {

bool looks_like_code(std::string_view text) {
  return text.substr(0, 4) == "KEY_" || text.substr(0, 4) == "BTN_";
}

class Filter final : public Stage {
 public:
  Filter(bool allow, const nlohmann::json& list, const TopicResolver& topics) : allow_(allow) {
    for (const nlohmann::json& item : list) {
      const auto& text = item.get_ref<const std::string&>();
      if (looks_like_code(text)) {
        codes_.set(*code_from_name(text));
      } else {
        topics_.add(topics(text));
      }
    }
  }

  bool pass(TopicId topic, std::span<std::byte> payload) override {
    const std::uint16_t code = detail::input_code(topic, payload);
    const bool named = topics_.contains(topic) || (code < codes_.size() && codes_[code]);
    return named == allow_;
  }

 private:
  bool allow_;
  TopicSet topics_;
  std::bitset<kInputCodesMax> codes_;
};

}  // namespace

Result<> check_filter(const nlohmann::json& arguments) {
  constexpr auto kExpected = "filter expects {allow: [...]} or {deny: [...]}";
  if (!arguments.is_object() || arguments.size() != 1) return fail(Errc::invalid, kExpected);
  const std::string& verb = arguments.begin().key();
  if (verb != "allow" && verb != "deny")
    return fail(Errc::invalid, fmt::format("{}, not '{}'", kExpected, verb));
  const nlohmann::json& list = arguments.begin().value();
  if (!list.is_array() || list.empty())
    return fail(Errc::invalid,
                fmt::format("filter: {} expects a list of topics and key codes", verb));
  for (const nlohmann::json& item : list) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty())
      return fail(Errc::invalid,
                  fmt::format("filter: {} expects names, not {}", verb, item.dump()));
    const auto& text = item.get_ref<const std::string&>();
    if (looks_like_code(text) && !code_from_name(text))
      return fail(Errc::invalid, fmt::format("filter: '{}' is no evdev code", text));
  }
  return {};
}

Result<std::unique_ptr<Stage>> make_filter(const nlohmann::json& arguments,
                                           const TopicResolver& topics) {
  DKVM_CHECK(check_filter(arguments));
  return std::make_unique<Filter>(arguments.begin().key() == "allow", arguments.begin().value(),
                                  topics);
}

}  // namespace dkvm
