#include "tools/dkvmctl/machine/display.hpp"

#include "config/places.hpp"
#include "tools/dkvmctl/json.hpp"
#include "tools/dkvmctl/run_tool.hpp"

#include <charconv>
#include <utility>

namespace dkvm::ctl {
namespace {

constexpr const char* kProbe = "dkvm-x11-probe";
constexpr std::chrono::milliseconds kProbeTimeMax{5000};

std::int64_t whole_of(const Json& object, const char* key) {
  return static_cast<std::int64_t>(number_of(object, key));
}

std::pair<int, int> numbers_of(const std::string& version) {
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto [dot, error] = std::from_chars(version.data(), end, major);
  if (error == std::errc{} && dot != end) std::from_chars(dot + 1, end, minor);
  return {major, minor};
}

}  // namespace

Result<Display> look_at_display(const std::string& name) {
  std::vector<std::string> words = {find_program(program_folders(own_folder()), kProbe)};
  if (!name.empty()) words.push_back(name);
  auto told = run_tool(words, {}, kProbeTimeMax);
  if (!told && told.error().code() == Errc::not_found)
    return fail(Errc::unsupported, "dkvm-x11-probe is not installed beside the devices of X11");
  if (!told) return fail(Errc::disconnected, told.error().message());
  const Json answer = Json::parse(told->out, nullptr, false);
  if (told->status != 0 || !answer.is_object()) {
    const std::string reason = text_of(answer, "error");
    return fail(Errc::disconnected, reason.empty() ? told->err : reason);
  }
  Display display{text_of(answer, "display"), {}, {}};
  for (const auto& [extension, version] : field(answer, "extensions").items())
    if (version.is_string()) display.extensions[extension] = version.get<std::string>();
  for (const Json& each : list_of(answer, "monitors"))
    display.monitors.push_back({text_of(each, "name"), whole_of(each, "x"), whole_of(each, "y"),
                                whole_of(each, "width"), whole_of(each, "height")});
  return display;
}

bool at_least(const std::string& version, const std::string& wanted) {
  return numbers_of(version) >= numbers_of(wanted);
}

}  // namespace dkvm::ctl
