#include "config/default_file.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace dkvm;

namespace {

using Files = std::vector<std::string>;

LoadOptions with(std::map<std::string, std::string> environment) {
  LoadOptions options;
  options.env = [environment = std::move(environment)](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return options;
}

}  // namespace

TEST_CASE("the user's own file comes before the machine's") {
  CHECK(default_config_files(with({{"HOME", "/home/ann"}})) ==
        Files{"/home/ann/.config/dkvm/kvm.yaml", "/etc/dkvm/kvm.yaml"});
  CHECK(default_config_files(with({{"HOME", "/home/ann"}, {"XDG_CONFIG_HOME", "/cfg"}})) ==
        Files{"/cfg/dkvm/kvm.yaml", "/etc/dkvm/kvm.yaml"});
}

TEST_CASE("a folder that is not absolute is as good as none") {
  CHECK(default_config_files(with({{"HOME", "/home/ann"}, {"XDG_CONFIG_HOME", "cfg"}})) ==
        Files{"/home/ann/.config/dkvm/kvm.yaml", "/etc/dkvm/kvm.yaml"});
  CHECK(default_config_files(with({{"HOME", ""}})) == Files{"/etc/dkvm/kvm.yaml"});
  CHECK(default_config_files({}) == Files{"/etc/dkvm/kvm.yaml"});
}

TEST_CASE("the first file that is there is taken, and the message names all that are not") {
  const LoadOptions ann = with({{"HOME", "/home/ann"}});
  CHECK(find_config_file(ann, [](const std::string&) { return true; }).value() ==
        "/home/ann/.config/dkvm/kvm.yaml");
  CHECK(find_config_file(ann, [](const std::string& file) {
          return file.starts_with("/etc");
        }).value() == "/etc/dkvm/kvm.yaml");
  const auto none = find_config_file(ann, [](const std::string&) { return false; });
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Errc::not_found);
  CHECK(none.error().message() ==
        "no configuration: /home/ann/.config/dkvm/kvm.yaml and /etc/dkvm/kvm.yaml do not exist; "
        "write one there, or name one with --config");
}
