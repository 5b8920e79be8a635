#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/table.hpp"
#include "tools/dkvmctl/trust_folder.hpp"
#include "trust/store.hpp"

#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

struct TrustOptions {
  std::string folder;
  std::string name;
  std::string fingerprint;
  std::string comment;
};

Json as_json(const trust::Peer& peer) {
  Json object = {{"name", peer.name}, {"fingerprint", peer.pin.text()}};
  if (!peer.comment.empty()) object["comment"] = peer.comment;
  return object;
}

Result<> add(Screen& screen, const TrustOptions& options) {
  const auto folder = trust_folder(options.folder);
  DKVM_TRY(const auto pin, trust::Fingerprint::parse(options.fingerprint));
  const auto self = trust::Identity::load(folder);
  if (self && self->fingerprint() == pin)
    return fail(Errc::invalid,
                "this is the fingerprint of this machine itself: `dkvmctl identity "
                "show` on the other one shows that one's");
  DKVM_TRY(auto store, trust::Store::load(folder));
  const trust::Peer peer{options.name, pin, options.comment};
  DKVM_CHECK(store.add(peer));
  if (screen.json()) {
    screen.document(as_json(peer));
  } else {
    screen.print(fmt::format("{} is trusted\n", peer.name));
  }
  if (!self) screen.note(self.error().message());
  return {};
}

Result<> list(Screen& screen, const TrustOptions& options) {
  DKVM_TRY(const auto store, trust::Store::load(trust_folder(options.folder)));
  if (screen.json()) {
    Json peers = Json::array();
    for (const trust::Peer& peer : store.peers()) peers.push_back(as_json(peer));
    screen.document({{"peers", std::move(peers)}});
    return {};
  }
  Table table({{"PEER"}, {"FINGERPRINT"}, {"COMMENT"}});
  for (const trust::Peer& peer : store.peers())
    table.row({peer.name, peer.pin.text(), peer.comment});
  screen.print(table.empty() ? "nobody is trusted yet: `dkvmctl pair`, or `dkvmctl trust add`\n"
                             : table.render(screen.style()));
  return {};
}

Result<> remove(Screen& screen, const TrustOptions& options) {
  DKVM_TRY(auto store, trust::Store::load(trust_folder(options.folder)));
  DKVM_CHECK(store.remove(options.name));
  if (screen.json()) {
    screen.document({{"removed", options.name}});
  } else {
    screen.print(fmt::format("{} is trusted no more; a link with it is cut\n", options.name));
  }
  return {};
}

}  // namespace

void add_trust(CLI::App& app, LocalCommand& chosen) {
  auto* trust =
      app.add_subcommand("trust", "Which peers may link with this machine")->group(kGroupTrust);
  trust->require_subcommand(1);
  const auto options = std::make_shared<TrustOptions>();  // as long as the parser's callbacks
  const auto add_command = [&](const char* name, const char* help,
                               Result<> (*act)(Screen&, const TrustOptions&)) {
    auto* command = trust->add_subcommand(name, help);
    add_folder_option(*command, options->folder);
    command->callback([&chosen, options, act] { chosen = local_command(options, act); });
    return command;
  };
  auto* adds = add_command("add", "Trust the machine with this fingerprint", add);
  adds->add_option("NAME", options->name, "what it is called here")->required();
  adds->add_option("FINGERPRINT", options->fingerprint, "sha256:…, as `identity show` has it there")
      ->required();
  adds->add_option("--comment", options->comment, "for people");
  add_command("list", "All that are trusted", list);
  auto* removes = add_command("remove", "Trust it no more; a link with it is cut", remove);
  removes->add_option("NAME", options->name, "as in the list")->required()->type_name("PEER");
}

}  // namespace dkvm::ctl
