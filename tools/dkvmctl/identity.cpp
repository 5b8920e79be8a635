#include "trust/identity.hpp"
#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/table.hpp"
#include "tools/dkvmctl/trust_folder.hpp"
#include "trust/peer_name.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <memory>

namespace dkvm::ctl {
namespace {

namespace fs = std::filesystem;

struct IdentityOptions {
  std::string folder;
  std::string name;
  std::string kind = "p256";
  bool confirm = false;
  bool undo = false;

  trust::KeyKind key_kind() const {
    return kind == "ed25519" ? trust::KeyKind::ed25519 : trust::KeyKind::p256;
  }
};

std::string check_name(const std::string& name) {
  return trust::is_peer_name(name) ? "" : trust::peer_name_complaint(name);
}

std::string day_text(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

void show(Screen& screen, const trust::Identity& identity, const fs::path& folder) {
  const bool rotated = trust::Identity::is_rotated(folder);
  if (screen.json()) {
    screen.document({{"name", identity.name()},
                     {"fingerprint", identity.fingerprint().text()},
                     {"key", identity.kind()},
                     {"not_after", day_text(identity.not_after())},
                     {"folder", folder.string()},
                     {"rotated", rotated}});
  } else {
    Table table({{""}, {""}});
    const auto row = [&](const char* what, std::string text) {
      if (!text.empty()) table.row({{what, Tone::faint}, std::move(text)});
    };
    row("name", identity.name());
    row("fingerprint", identity.fingerprint().text());
    row("key", identity.kind());
    row("valid until", day_text(identity.not_after()));
    row("folder", folder.string());
    row("old one", rotated ? "kept: `dkvmctl identity rotate --confirm` forgets it, `--undo` puts "
                             "it back"
                           : "");
    screen.print(table.render(screen.style()));
  }
  note_expiry(screen, identity);
}

Result<std::string> name_for(const IdentityOptions& options) {
  if (!options.name.empty()) return options.name;
  return name_of_this_machine();
}

Result<> make(Screen& screen, const IdentityOptions& options) {
  const fs::path folder = trust_folder(options.folder);
  DKVM_TRY(const std::string name, name_for(options));
  DKVM_TRY(const auto identity, trust::Identity::make(folder, options.key_kind(), name));
  show(screen, identity, folder);
  return {};
}

Result<> show(Screen& screen, const IdentityOptions& options) {
  const fs::path folder = trust_folder(options.folder);
  DKVM_TRY(const auto identity, trust::Identity::load(folder));
  show(screen, identity, folder);
  return {};
}

Result<> confirm(Screen& screen, const fs::path& folder) {
  DKVM_CHECK(trust::Identity::confirm_rotation(folder));
  DKVM_TRY(const auto identity, trust::Identity::load(folder));
  show(screen, identity, folder);
  return {};
}

Result<> undo(Screen& screen, const fs::path& folder) {
  DKVM_TRY(const auto identity, trust::Identity::undo_rotation(folder));
  show(screen, identity, folder);
  screen.note("the old identity is back; link devices take it up when they are restarted");
  return {};
}

// The new one bears the old one's name, unless another is given.
Result<> rotate(Screen& screen, const IdentityOptions& options) {
  const fs::path folder = trust_folder(options.folder);
  if (options.confirm) return confirm(screen, folder);
  if (options.undo) return undo(screen, folder);
  DKVM_TRY(const auto before, trust::Identity::load(folder));
  const std::string name = options.name.empty() ? before.name() : options.name;
  DKVM_TRY(const auto identity, trust::Identity::rotate(folder, options.key_kind(), name));
  show(screen, identity, folder);
  screen.note(
      "no peer knows this one: pair anew with each (`dkvmctl pair`; there `dkvmctl trust remove` "
      "first). Link devices take it up when they are restarted");
  return {};
}

}  // namespace

void add_identity(CLI::App& app, LocalCommand& chosen) {
  auto* identity =
      app.add_subcommand("identity", "Who this machine is to its peers")->group(kGroupTrust);
  identity->require_subcommand(1);
  const auto options = std::make_shared<IdentityOptions>();  // as long as the parser's callbacks
  const auto add = [&](const char* name, const char* help,
                       Result<> (*act)(Screen&, const IdentityOptions&)) {
    auto* command = identity->add_subcommand(name, help);
    add_folder_option(*command, options->folder);
    command->callback([&chosen, options, act] { chosen = local_command(options, act); });
    return command;
  };
  const auto add_making = [&](CLI::App* command, const char* name_help) {
    command->add_option("--kind", options->kind, "of the key: p256 or ed25519")
        ->check(CLI::IsMember({"p256", "ed25519"}))
        ->type_name("KIND")
        ->capture_default_str();
    command->add_option("--name", options->name, name_help)->check(check_name)->type_name("NAME");
  };
  add_making(add("make", "Make a key and a certificate; one that is there stays", make),
             "what peers will call it; else this machine's name");
  add("show", "The fingerprint, and where the files are", show);
  auto* rotates = add("rotate", "A new key; the old one is kept until --confirm", rotate);
  add_making(rotates, "what peers will call it; else as before");
  auto* confirms = rotates->add_flag("--confirm", options->confirm, "forget the old one");
  rotates->add_flag("--undo", options->undo, "put the old one back")->excludes(confirms);
}

}  // namespace dkvm::ctl
