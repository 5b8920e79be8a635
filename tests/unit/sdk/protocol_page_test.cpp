#include "tests/unit/sdk/protocol_page.hpp"

#include <dkvm/describe.hpp>
#include <dkvm/limits.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/result.hpp>
#include <dkvm/rpc.hpp>
#include <dkvm/topics.hpp>

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <regex>
#include <set>
#include <type_traits>

using namespace dkvm;
using namespace dkvm::test;

namespace {

template <class Value>
std::string text_of(Value value) {
  if constexpr (std::is_same_v<Value, std::chrono::seconds>) {
    return std::to_string(value.count()) + " s";
  } else if constexpr (std::is_same_v<Value, std::chrono::milliseconds>) {
    return std::to_string(value.count()) + " ms";
  } else {
    return std::to_string(value);
  }
}

#define DKVM_LIMIT(constant) \
  { #constant, text_of(constant) }
const std::map<std::string, std::string> kLimits = {
    DKVM_LIMIT(kProtocolVersion),     DKVM_LIMIT(kFrameAlignBytes),
    DKVM_LIMIT(kHeaderBytes),         DKVM_LIMIT(kBufferRefBytes),
    DKVM_LIMIT(kHopStampBytes),       DKVM_LIMIT(kPayloadBytesMax),
    DKVM_LIMIT(kBuffersPerFrameMax),  DKVM_LIMIT(kHopsMax),
    DKVM_LIMIT(kFrameBytesMax),       DKVM_LIMIT(kVerifierDepthMax),
    DKVM_LIMIT(kVerifierTablesMax),   DKVM_LIMIT(kReadBytesPerTurnMax),
    DKVM_LIMIT(kCallsOutstandingMax), DKVM_LIMIT(kPortsPerDeviceMax),
    DKVM_LIMIT(kPortsPerHelloMax),    DKVM_LIMIT(kTopicsPerPortMax),
    DKVM_LIMIT(kNameBytesMax),        DKVM_LIMIT(kInputCodesMax),
    DKVM_LIMIT(kCustomTopicsMax),     DKVM_LIMIT(kMonitorsMax),
    DKVM_LIMIT(kChordsPerGrabMax),    DKVM_LIMIT(kCodesPerChordMax),
    DKVM_LIMIT(kEdgesPerGrabMax),     DKVM_LIMIT(kConfigEnvBytesMax),
    DKVM_LIMIT(kLogLineBytesMax),     DKVM_LIMIT(kHelloTimeMax),
    DKVM_LIMIT(kKernelSilenceMax),    DKVM_LIMIT(kCallTimeDefault),
    DKVM_LIMIT(kKernelPort),          DKVM_LIMIT(kCallAddressBytesMax),
    DKVM_LIMIT(kExitRefused),         DKVM_LIMIT(kCallBodyBytesMax),
    DKVM_LIMIT(kControlLineBytesMax), DKVM_LIMIT(kWriterSlotsMax),
    DKVM_LIMIT(kLinkSessionBytes),
};
#undef DKVM_LIMIT

// Every constant that limits.hpp declares, read from its text.
std::set<std::string> declared_limits() {
  std::ifstream file(std::string(DKVM_SOURCE_DIR) + "/sdk/include/dkvm/limits.hpp");
  const std::regex declaration("^inline constexpr [^=({]* (k[A-Za-z0-9]+)[ {].*");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);)
    if (std::smatch match; std::regex_match(line, match, declaration)) names.insert(match[1]);
  return names;
}

bool has_row(const std::string& page, const std::string& first, const std::string& second) {
  return page.find("| " + first + " | " + second + " |") != std::string::npos;
}

template <class Values, class Name>
void check_rows(Values values, Name name) {
  const std::string page = protocol_page();
  for (const auto value : values) {
    const std::string text = name(value);
    INFO(text);
    CHECK(has_row(page, std::to_string(static_cast<unsigned>(value)), "`" + text + "`"));
  }
}

}  // namespace

TEST_CASE("every limit of limits.hpp stands in the protocol page with its value") {
  const std::string page = protocol_page();
  const auto declared = declared_limits();
  REQUIRE(declared.size() > 20);
  for (const auto& name : declared) {
    INFO(name);
    REQUIRE(kLimits.count(name) == 1);
  }
  for (const auto& [name, value] : kLimits) {
    INFO(name << " is " << value);
    CHECK(has_row(page, "`" + name + "`", value));
  }
}

TEST_CASE("every kind of frame stands in the protocol page with its number") {
  std::vector<wire::FrameKind> kinds;
  for (const auto kind : wire::EnumValuesFrameKind())
    if (kind != wire::FrameKind::none) kinds.push_back(kind);
  check_rows(kinds, [](auto kind) { return wire::EnumNameFrameKind(kind); });
}

TEST_CASE("every well-known topic stands in the protocol page with its number") {
  std::vector<wire::Topic> topics;
  for (const auto topic : wire::EnumValuesTopic())
    if (topic != wire::Topic::none && topic != wire::Topic::custom_first) topics.push_back(topic);
  check_rows(topics, [](auto topic) { return wire::EnumNameTopic(topic); });
}

TEST_CASE("every code stands in the protocol page with its number, and Errc agrees") {
  std::vector<wire::Code> codes;
  for (const auto code : wire::EnumValuesCode()) codes.push_back(code);
  check_rows(codes, [](auto code) { return wire::EnumNameCode(code); });
  for (const auto code : codes)
    if (code != wire::Code::ok)
      CHECK(name(static_cast<Errc>(code)) == std::string_view(wire::EnumNameCode(code)));
}

TEST_CASE("the manifest in the protocol page is what describe prints") {
  Manifest manifest;
  manifest.type = "acme-pedal";
  manifest.version = "1.0.0";
  manifest.summary = "A foot pedal as keys";
  manifest.cleanup = true;
  manifest.ports = {{1,
                     "pedal",
                     wire::Direction::source,
                     {"key", "acme/pressure"},
                     true,
                     false,
                     "what the foot does"},
                    {2, "pointer", wire::Direction::sink, {"pointer_motion"}, false, true, ""}};
  manifest.keys = {{"path", ValueType::path, "/dev/hidraw0", "the pedal", false, {}},
                   {"side", ValueType::text, "", "which pedal of a pair", true, {"left", "right"}},
                   {.name = "rate",
                    .type = ValueType::number,
                    .fallback = "native",
                    .help = "reports/s",
                    .words = {"native"},
                    .min = 0.5,
                    .max = 1000}};

  const std::string page = protocol_page();
  const std::string opening = "```json manifest\n";
  const auto begin = page.find(opening);
  REQUIRE(begin != std::string::npos);
  const auto text = page.substr(begin + opening.size(),
                                page.find("```", begin + opening.size()) - begin - opening.size());
  using nlohmann::ordered_json;
  CHECK(ordered_json::parse(text).dump(2) == ordered_json::parse(describe(manifest)).dump(2));
}
