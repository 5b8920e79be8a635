#include <catch2/catch.hpp>

#include "pipelines/stages/registry.hpp"

#include <dkvm/payload.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace dkvm;

namespace {

std::unique_ptr<Stage> make(const char* name, const char* json) {
  const TopicResolver topics = [](std::string_view text) {
    return well_known_topic(text).value_or(kCustomTopicFirst);
  };
  auto stage = find_stage(name)->make(nlohmann::json::parse(json), topics);
  REQUIRE(stage);
  return std::move(*stage);
}

template <class Event>
bool pass(Stage& stage, Event& event) {
  PayloadWriter writer;
  const Bytes bytes = writer.write(event);
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  const bool passed = stage.pass(id_of(topic_of<Event>), copy);
  auto read = read_payload<Event>(copy);
  REQUIRE(read);
  event = std::move(*read);
  return passed;
}

bool pass_key(Stage& stage, std::uint16_t code) {
  Key event = key(code, true);
  return pass(stage, event);
}

bool fits(const char* name, const char* json) {
  return find_stage(name)->check(nlohmann::json::parse(json)).empty();
}

}  // namespace

TEST_CASE("remap changes codes at once and leaves the rest alone") {
  const auto stage = make("remap", R"({"KEY_A": "KEY_B", "KEY_B": "KEY_A"})");
  Key a = key(30, true);
  a.text = "a";
  REQUIRE(pass(*stage, a));
  REQUIRE((a.code == 48 && a.down && a.text == "a"));
  Key b = key(48, false);
  REQUIRE(pass(*stage, b));
  REQUIRE((b.code == 30 && !b.down));
  PointerButton left = button(272, true);
  REQUIRE(pass(*stage, left));
  REQUIRE(left.code == 272);
  InputState state;
  state.pressed = {30, 29};
  REQUIRE(pass(*stage, state));
  REQUIRE(state.pressed == std::vector<std::uint16_t>{48, 29});
}

TEST_CASE("filter lets through what is named") {
  const auto stage = make("filter", R"({"allow": ["pointer_motion", "KEY_A"]})");
  PointerMotion motion = motion_by(1, 1);
  PointerScroll wheel = scroll(0, 1);
  REQUIRE(pass(*stage, motion));
  REQUIRE_FALSE(pass(*stage, wheel));
  REQUIRE(pass_key(*stage, 30));
  REQUIRE_FALSE(pass_key(*stage, 48));
}

TEST_CASE("filter drops what is denied") {
  const auto stage = make("filter", R"({"deny": ["pointer_scroll", "KEY_A", "BTN_LEFT"]})");
  PointerScroll wheel = scroll(0, 1);
  PointerButton left = button(272, true);
  REQUIRE_FALSE(pass(*stage, wheel));
  REQUIRE_FALSE(pass(*stage, left));
  REQUIRE_FALSE(pass_key(*stage, 30));
  REQUIRE(pass_key(*stage, 48));
  REQUIRE(pass_key(*stage, 60000));
}

TEST_CASE("stages say what is wrong with their arguments") {
  REQUIRE(find_stage("reverb") == nullptr);
  REQUIRE(fits("remap", R"({"KEY_CAPSLOCK": "KEY_LEFTCTRL"})"));
  for (const char* bad : {"{}", "[]", "null", R"({"KEY_X1": "KEY_A"})", R"({"KEY_A": 3})",
                          R"({"KEY_A": "BTN_LEFT"})", R"({"KEY_A": "KEY_RESERVED"})"}) {
    INFO(bad);
    REQUIRE_FALSE(fits("remap", bad));
  }
  REQUIRE(fits("filter", R"({"allow": ["key"]})"));
  for (const char* bad : {"{}", "[]", R"({"allow": []})", R"({"allow": [1]})",
                          R"({"allow": ["pointer_moton"]})", R"({"pass": ["key"]})",
                          R"({"deny": ["KEY_NOPE"]})", R"({"allow": ["key"], "deny": ["key"]})"}) {
    INFO(bad);
    REQUIRE_FALSE(fits("filter", bad));
  }
}

TEST_CASE("a complaint about arguments says where, what, what was expected and what there is") {
  using Places = std::vector<std::pair<std::string, bool>>;
  const auto places = [](const char* name, const char* json) {
    Places found;
    for (const auto& complaint : find_stage(name)->check(nlohmann::json::parse(json)))
      found.emplace_back(complaint.pointer, complaint.of_key);
    return found;
  };
  CHECK(places("remap", "[]") == Places{{"", false}});
  CHECK(places("remap", R"({"KEY_AA": "KEY_B", "KEY_C": 3, "a/b": "KEY_NOPE"})") ==
        Places{{"/KEY_AA", true}, {"/KEY_C", false}, {"/a~1b", true}, {"/a~1b", false}});
  CHECK(places("filter", R"({"allow": ["key", "KEY_AA", 1], "dney": ["key"]})") ==
        Places{{"/allow/1", false}, {"/allow/2", false}, {"/dney", true}});
  CHECK(places("filter", R"({"allow": ["key"], "deny": ["touch"]})") == Places{{"/deny", true}});

  const auto complaint = find_stage("remap")->check({{"KEY_AA", "KEY_B"}}).at(0);
  CHECK(complaint.message() ==
        "'KEY_AA' is no evdev code, expected the name of a key or button such as KEY_A or "
        "BTN_LEFT");
  CHECK(complaint.written == "KEY_AA");
  CHECK(std::ranges::find(complaint.names, "KEY_A") != complaint.names.end());
  CHECK(check_arguments(*find_stage("remap"), {{"KEY_AA", "KEY_B"}}).error().message() ==
        "stage 'remap': " + complaint.message());
}
