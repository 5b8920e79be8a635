#pragma once

#include "tests/e2e/pair/talk.hpp"
#include "tests/support/temp_dir.hpp"
#include "trust/identity.hpp"
#include "trust/store.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace dkvm::test {

// A machine with an identity of its own, as far as pairing goes.
class Machine {
 public:
  explicit Machine(const std::string& name) {
    REQUIRE(trust::Identity::make(folder(), trust::KeyKind::p256, name));
  }

  std::filesystem::path folder() const { return directory_.path() / "dkvm"; }
  trust::Identity identity() const { return std::move(*trust::Identity::load(folder())); }
  std::vector<trust::Peer> peers() const {
    const auto store = trust::Store::load(folder());
    REQUIRE(store);
    return store->peers();
  }
  bool trusts(const Machine& other, const std::string& as) const {
    const auto all = peers();
    return all.size() == 1 && all[0].name == as && all[0].pin == other.identity().fingerprint();
  }

  // The command line of dkvmctl with this machine's folder.
  std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.end(), {"--folder", folder().string()});
    return words;
  }
  // As a script pairs, at any free port of loopback.
  std::vector<std::string> listening(std::vector<std::string> more = {"--yes-if", "-"}) const {
    more.insert(more.begin(), {"pair", "--json", "--listen", "127.0.0.1:0"});
    return command(std::move(more));
  }
  std::vector<std::string> connecting(const std::string& address,
                                      std::vector<std::string> more = {"--yes-if", "-"}) const {
    more.insert(more.begin(), {"pair", "--json", "--connect", address});
    return command(std::move(more));
  }

 private:
  TempDir directory_;
};

// Where it listens, by what it says first.
inline std::string address_of(Talk& listening) {
  const auto said = listening.line();
  REQUIRE(said.contains("listening"));
  return said["listening"][0];
}

inline std::string code_of(Talk& talk) {
  const auto said = talk.line();
  INFO(talk.err());
  REQUIRE(said.contains("code"));
  return said["code"];
}

}  // namespace dkvm::test
