#include "trust/paths.hpp"

#include <catch2/catch.hpp>

#include <map>

using dkvm::trust::default_folder;

namespace {

std::string folder_of(uid_t user, const std::map<std::string, std::string>& variables) {
  return default_folder(user, [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

}  // namespace

TEST_CASE("an identity lies where it is named, else where its user's configuration lies") {
  CHECK(folder_of(1000, {{"DKVM_IDENTITY", "/x"}, {"HOME", "/home/me"}}) == "/x");
  CHECK(folder_of(0, {{"DKVM_IDENTITY", "/x"}}) == "/x");
  CHECK(folder_of(0, {{"HOME", "/root"}, {"XDG_CONFIG_HOME", "/c"}}) == "/etc/dkvm");
  CHECK(folder_of(1000, {{"HOME", "/home/me"}, {"XDG_CONFIG_HOME", "/c"}}) == "/c/dkvm");
  CHECK(folder_of(1000, {{"HOME", "/home/me"}, {"XDG_CONFIG_HOME", "relative"}}) ==
        "/home/me/.config/dkvm");
  CHECK(folder_of(1000, {{"HOME", "/home/me"}, {"DKVM_IDENTITY", ""}}) == "/home/me/.config/dkvm");
}

TEST_CASE("without HOME the system's list of users says where it lies") {
  CHECK(folder_of(65'534, {}).ends_with("/.config/dkvm"));
}
