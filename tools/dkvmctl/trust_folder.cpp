#include "tools/dkvmctl/trust_folder.hpp"

#include "trust/paths.hpp"
#include "trust/peer_name.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>

namespace dkvm::ctl {

void add_folder_option(CLI::App& command, std::string& folder) {
  command
      .add_option("--folder", folder,
                  "of the identity and the pins; else $DKVM_IDENTITY, /etc/dkvm for root,\n"
                  "$XDG_CONFIG_HOME/dkvm or ~/.config/dkvm")
      ->type_name("DIR");
}

std::filesystem::path trust_folder(const std::string& named) {
  return named.empty() ? trust::default_folder() : trust::expanded(named);
}

Result<std::string> name_of_this_machine() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string name = trust::peer_name_from(host.data());
  if (!name.empty()) return name;
  return fail(Errc::invalid, fmt::format("this machine is called '{}', of which no name can be "
                                         "made: give one with --name",
                                         host.data()));
}

void note_expiry(const Screen& screen, const trust::Identity& identity) {
  const auto now = std::chrono::floor<std::chrono::seconds>(Screen::now());
  if (const auto warning = trust::expiry_warning(identity.not_after(), now)) screen.note(*warning);
}

}  // namespace dkvm::ctl
