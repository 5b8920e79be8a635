#include "trust/store.hpp"

#include "trust/folder.hpp"
#include "trust/limits.hpp"
#include "trust/paths.hpp"
#include "trust/peer_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkvm::trust {
namespace {

constexpr std::string_view kSpaces = " \t\r";

// The next word, taken off the front.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kSpaces), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kSpaces));
  line.remove_prefix(word.size());
  return word;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

bool is_for_people(std::string_view line) {
  const std::string_view word = next_word(line);
  return word.empty() || word.front() == '#';
}

Result<Peer> parse_line(std::string_view line) {
  const std::string_view name = next_word(line);
  const std::string_view pin = next_word(line);
  if (!is_peer_name(name)) return fail(Errc::invalid, peer_name_complaint(name));
  if (pin.empty())
    return fail(Errc::invalid,
                fmt::format("'{}' has no fingerprint, expected `NAME sha256:…`", name));
  DKVM_TRY(const Fingerprint fingerprint, Fingerprint::parse(pin));
  return Peer{std::string(name), fingerprint, std::string(trimmed(line))};
}

// Each line without its newline, with its number.
template <class Take>
Result<> each_line(std::string_view text, Take&& take) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    DKVM_CHECK(take(text.substr(0, end), number));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

const Peer* peer_with(const std::vector<Peer>& peers, const Fingerprint& pin) {
  const auto found = std::ranges::find(peers, pin, &Peer::pin);
  return found == peers.end() ? nullptr : &*found;
}

const Peer* peer_with(const std::vector<Peer>& peers, std::string_view name) {
  const auto found = std::ranges::find(peers, name, &Peer::name);
  return found == peers.end() ? nullptr : &*found;
}

Result<> check_unique(const std::vector<Peer>& peers, const Peer& peer) {
  if (const Peer* same = peer_with(peers, peer.name))
    return fail(Errc::invalid,
                fmt::format("'{}' is trusted already, as {}", peer.name, same->pin.text()));
  if (const Peer* same = peer_with(peers, peer.pin))
    return fail(Errc::invalid,
                fmt::format("{} is trusted already, as '{}'", peer.pin.text(), same->name));
  return {};
}

std::string line_of(const Peer& peer) {
  return fmt::format("{} {}{}{}\n", peer.name, peer.pin.text(), peer.comment.empty() ? "" : " ",
                     peer.comment);
}

std::string without(std::string_view text, std::string_view name) {
  std::string rest;
  (void)each_line(text, [&](std::string_view line, std::size_t) -> Result<> {
    std::string_view words = line;
    if (next_word(words) != name) rest.append(line).append("\n");
    return {};
  });
  return rest;
}

}  // namespace

Result<std::vector<Peer>> parse_trust(std::string_view text, const std::string& origin) {
  std::vector<Peer> peers;
  DKVM_CHECK(each_line(text, [&](std::string_view line, std::size_t number) -> Result<> {
    if (is_for_people(line)) return {};
    const auto where = [&] { return fmt::format("{}:{}", origin, number); };
    auto peer = parse_line(line);
    if (!peer) return fail(std::move(peer).error().within(where()));
    if (auto unique = check_unique(peers, *peer); !unique)
      return fail(std::move(unique).error().within(where()));
    if (peers.size() == kPinsMax)
      return fail(Errc::invalid, fmt::format("{}: more than {} peers", where(), kPinsMax));
    peers.push_back(std::move(*peer));
    return {};
  }));
  return peers;
}

std::filesystem::path Store::file() const { return folder_ / kTrustFile; }

Result<Store> Store::load(const std::filesystem::path& folder) {
  Store store(folder);
  DKVM_CHECK(store.read());
  return store;
}

Result<> Store::read() {
  auto text = read_file(file(), Privacy::guarded, kTrustFileBytesMax);
  if (!text && text.error().code() == Errc::not_found) text = std::string();
  if (!text) return fail(std::move(text).error());
  DKVM_TRY(peers_, parse_trust(*text, file().string()));
  text_ = std::move(*text);
  return {};
}

Result<> Store::check_new(const Peer& peer) const {
  if (!is_peer_name(peer.name)) return fail(Errc::invalid, peer_name_complaint(peer.name));
  if (peer.comment.find_first_of("\n\r") != std::string::npos)
    return fail(Errc::invalid, "the comment of a peer is one line");
  const Peer* same = find(peer.name);
  if (same != nullptr && same->pin == peer.pin) return {};
  auto unique = check_unique(peers_, peer);
  if (unique) return {};
  const std::string& known = same != nullptr ? peer.name : find(peer.pin)->name;
  return fail(Errc::invalid,
              fmt::format("{}: if that is to change, `dkvmctl trust remove {}` first",
                          unique.error().message(), known));
}

Result<> Store::add(const Peer& peer) {
  DKVM_TRY(Folder locked, Folder::open(folder_));
  DKVM_CHECK(read());
  DKVM_CHECK(check_new(peer));
  if (find(peer.name) != nullptr) return {};
  if (peers_.size() == kPinsMax)
    return fail(Errc::exhausted,
                fmt::format("{} holds {} peers, and no more than that", file().string(), kPinsMax));
  if (!text_.empty() && text_.back() != '\n') text_ += '\n';
  DKVM_CHECK(locked.replace(kTrustFile, text_ + line_of(peer)));
  return read();
}

Result<> Store::remove(std::string_view name) {
  DKVM_TRY(Folder locked, Folder::open(folder_));
  DKVM_CHECK(read());
  if (find(name) == nullptr)
    return fail(Errc::not_found,
                fmt::format("{} has no peer '{}'", file().string(), name.substr(0, 64)));
  DKVM_CHECK(locked.replace(kTrustFile, without(text_, name)));
  return read();
}

const Peer* Store::find(const Fingerprint& pin) const { return peer_with(peers_, pin); }
const Peer* Store::find(std::string_view name) const { return peer_with(peers_, name); }

}  // namespace dkvm::trust
