#pragma once

#include "trust/fingerprint.hpp"

#include <dkvm/result.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::trust {

// Whom one trusts, and by which name one knows them here.
struct Peer {
  std::string name;
  Fingerprint pin;
  std::string comment = {};  // for people; one line
};

// The file of pins: a line for each peer, `laptop sha256:… a comment`. Empty
// lines and those that begin with # are for people, and stay when it is changed.
//
// The pure part: what such a text says.
// origin: the file's name, for errors.
// Errors: Errc::invalid as `file:line: …` for a line that is none of these, and
// for a name or a pin that an earlier line has.
Result<std::vector<Peer>> parse_trust(std::string_view text, const std::string& origin);

class Store {
 public:
  // Reads `folder`/trust; a file that is missing trusts nobody.
  // Errors: Errc::denied when others could have changed it; Errc::invalid for a
  // line that is wrong: then nobody is trusted, not a part of them.
  static Result<Store> load(const std::filesystem::path& folder);

  // Adds the peer to the file as it now is, unless it is there already.
  // Errors: Errc::invalid when the name has another pin or the pin another name.
  Result<> add(const Peer& peer);
  // Errors: Errc::not_found.
  Result<> remove(std::string_view name);

  const std::vector<Peer>& peers() const { return peers_; }

  // Life: until the store is changed. Null when there is none.
  const Peer* find(const Fingerprint& pin) const;
  const Peer* find(std::string_view name) const;

  // What keeps this peer from being added: an error as that of add(). None for
  // one that is there as it is.
  Result<> check_new(const Peer& peer) const;

  std::filesystem::path file() const;

 private:
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<> read();

  std::filesystem::path folder_;
  std::string text_;
  std::vector<Peer> peers_;
};

}  // namespace dkvm::trust
