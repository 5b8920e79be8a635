#include "tools/dkvmctl/completion/completion.hpp"

#include "config/kernel_methods.hpp"
#include "tools/dkvmctl/client.hpp"
#include "tools/dkvmctl/completion/expected.hpp"
#include "tools/dkvmctl/format.hpp"
#include "tools/dkvmctl/trust_folder.hpp"
#include "trust/store.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <set>

namespace dkvm::ctl {
namespace {

// A person waits at the keyboard.
constexpr std::chrono::milliseconds kAnswerTimeMax{500};
constexpr int kPagesMax = 20;  // of names; more would fill the terminal anyway

using Names = std::vector<Candidate>;

// What a kernel answers, for those who take it as a hint only.
class Hints {
 public:
  explicit Hints(Called<Client> client) : client_(std::move(client)) {}

  // Shape: name and the help that `describe` makes of an item
  template <class Describe>
  void add(const char* target, const char* method, const char* key, Names& names,
           Describe describe) {
    Json params = Json::object();
    for (int page = 0; client_ && page < kPagesMax; ++page) {
      const auto answer = client_->call(target, method, params.dump(), kAnswerTimeMax);
      if (!answer) return;
      for (const Json& item : list_of(*answer, key)) describe(item, names);
      if (field(*answer, "next").is_null()) return;
      params["after"] = field(*answer, "next");
    }
  }

 private:
  Called<Client> client_;
};

void add_devices(Hints& hints, Names& names) {
  hints.add("kernel", "devices.list", "devices", names, [](const Json& item, Names& all) {
    all.push_back({text_of(item, "name"), text_of(item, "type") + ", " + text_of(item, "state")});
  });
}

void add_pipelines(Hints& hints, Names& names) {
  hints.add("kernel", "pipelines.list", "pipelines", names, [](const Json& item, Names& all) {
    all.push_back({text_of(item, "name"), text_of(item, "state")});
  });
}

void add_targets(Hints& hints, Names& names) {
  std::set<std::string> seen;
  hints.add("kernel", "pipelines.switches", "switches", names, [&](const Json& item, Names& all) {
    const std::string of = text_of(item, "name");
    for (const Json& target : list_of(item, "targets"))
      if (seen.insert(text_of(target, "name")).second)
        all.push_back({text_of(target, "name"), "target of " + of});
    if (seen.insert(of).second) all.push_back({of, "switch"});
  });
}

// Those that are trusted, and those that are linked.
void add_peers(Hints& hints, Names& names) {
  std::set<std::string> seen;
  if (const auto store = trust::Store::load(trust_folder({})))
    for (const trust::Peer& peer : store->peers())
      if (seen.insert(peer.name).second) names.push_back({peer.name, "trusted"});
  Names devices;
  hints.add("kernel", "devices.list", "devices", devices, [](const Json& item, Names& all) {
    if (text_of(item, "type").starts_with("tcp-")) all.push_back({text_of(item, "name"), {}});
  });
  for (const Candidate& device : devices)
    hints.add(device.word.c_str(), "links.list", "links", names, [&](const Json& item, Names& all) {
      if (seen.insert(text_of(item, "peer")).second)
        all.push_back({text_of(item, "peer"), "link, " + text_of(item, "state")});
    });
}

void add_methods(Names& names) {
  for (const std::string_view method : kKernelMethods)
    if (needs_grant(method)) names.push_back({std::string(method), {}});
  names.push_back({"links.list", "of a device that makes links"});
}

void add_values(const std::string& type, Hints& hints, Names& names) {
  if (type == "DEVICE") add_devices(hints, names);
  if (type == "SOURCE" || type == "CALLEE") {
    names.push_back({"kernel", "itself"});
    add_devices(hints, names);
  }
  if (type == "PIPELINE") add_pipelines(hints, names);
  if (type == "TARGET") add_targets(hints, names);
  if (type == "PEER") add_peers(hints, names);
  if (type == "METHOD") add_methods(names);
}

// The value of --socket, if the line has it.
std::string socket_of(std::span<const std::string> words) {
  for (std::size_t at = 0; at + 1 < words.size(); ++at) {
    if (words[at].starts_with("--socket=")) return words[at].substr(9);
    if (words[at] != "--socket" && words[at] != "-s") continue;
    const std::size_t value = at + (words[at + 1] == "=" ? 2 : 1);
    return value + 1 < words.size() ? words[value] : "";
  }
  return {};
}

const char* kind_of(const std::string& type) {
  if (type == "FILE" || type == "PATH") return "files";
  return type == "DIR" ? "folders" : "words";
}

}  // namespace

int print_completions(const CLI::App& app, std::span<const std::string> words) {
  const std::string current = words.empty() ? "" : words.back();
  const auto before = words.first(words.empty() ? 0 : words.size() - 1);
  Expected expected = expected_at(app, before, current);
  std::printf("%s\n", kind_of(expected.values));
  if (!expected.values.empty()) {
    const auto where = socket_paths(socket_of(words), ::geteuid(), own_environment);
    Hints hints(Client::connect(where));
    add_values(expected.values, hints, expected.words);
  }
  for (const Candidate& each : expected.words) {
    const std::string word = printable(expected.prefix + each.word);
    if (word.starts_with(current))
      std::printf("%s\t%s\n", word.c_str(), printable(each.help).c_str());
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace dkvm::ctl
