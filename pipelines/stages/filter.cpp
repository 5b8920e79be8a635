#include "pipelines/stages/filter.hpp"

#include "pipelines/stages/input_code.hpp"
#include "pipelines/topic_set.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/topics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <string>
#include <utility>
#include <vector>

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

std::span<const std::string_view> event_topics() {
  static const std::vector<std::string_view> topics = [] {
    std::vector<std::string_view> names;
    for (TopicId id = 1; id < id_of(wire::Topic::refresh); ++id)
      if (!well_known_name(id).empty()) names.push_back(well_known_name(id));
    return names;
  }();
  return topics;
}

// A topic of an event, or one of somebody's own (with a '/').
ArgumentComplaints check_topic_name(const std::string& text) {
  const auto topics = event_topics();
  const bool own = text.find('/') != std::string::npos;
  if (own || std::find(topics.begin(), topics.end(), text) != topics.end()) return {};
  return {{.what = shown_argument(text) + " is no topic",
           .expected = "a topic such as pointer_motion, acme/pedal, or a code such as KEY_A",
           .written = text,
           .names = topics}};
}

// One of the two lists of a filter.
void check_list(const std::string& verb, const nlohmann::json& list,
                ArgumentComplaints& complaints) {
  const std::string pointer = pointer_to(verb);
  if (!list.is_array() || list.empty()) {
    complaints.push_back({.what = fmt::format("'{}' is {}", verb, shown_argument(list)),
                          .expected = "a list of topics and codes",
                          .pointer = pointer});
    return;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    ArgumentComplaints wrong;
    if (!list[i].is_string())
      wrong.push_back({.what = fmt::format("'{}' holds {}", verb, shown_argument(list[i])),
                       .expected = "the name of a topic or of a key or button"});
    else if (const auto& text = list[i].get_ref<const std::string&>(); looks_like_code(text))
      wrong = check_code_name(text);
    else
      wrong = check_topic_name(text);
    for (ArgumentComplaint& complaint : wrong) {
      complaint.pointer = fmt::format("{}/{}", pointer, i);
      complaints.push_back(std::move(complaint));
    }
  }
}

}  // namespace

ArgumentComplaints check_filter(const nlohmann::json& arguments) {
  static constexpr std::array<std::string_view, 2> kVerbs = {"allow", "deny"};
  constexpr auto kExpected = "{allow: [...]} or {deny: [...]}";
  if (!arguments.is_object() || arguments.empty())
    return {{.what = "the arguments are " + shown_argument(arguments), .expected = kExpected}};
  ArgumentComplaints complaints;
  for (const auto& [verb, list] : arguments.items()) {
    if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end())
      complaints.push_back({.what = "unknown key " + shown_argument(verb),
                            .expected = "allow or deny",
                            .pointer = pointer_to(verb),
                            .of_key = true,
                            .written = verb,
                            .names = kVerbs});
    else
      check_list(verb, list, complaints);
  }
  if (arguments.contains("allow") && arguments.contains("deny"))
    complaints.push_back({.what = "'allow' and 'deny' together",
                          .expected = "one of them",
                          .pointer = pointer_to("deny"),
                          .of_key = true});
  return complaints;
}

Result<std::unique_ptr<Stage>> make_filter(const nlohmann::json& arguments,
                                           const TopicResolver& topics) {
  return std::make_unique<Filter>(arguments.begin().key() == "allow", arguments.begin().value(),
                                  topics);
}

}  // namespace dkvm
