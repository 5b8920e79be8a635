#include "devices/tcp/transport/trust_book.hpp"

#include "devices/tcp/limits.hpp"
#include "trust/paths.hpp"
#include "trust/store.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dkvm::tcp {

Result<std::unique_ptr<TrustBook>> TrustBook::open(Context& context, std::filesystem::path folder,
                                                   std::vector<PeerConfig> configured) {
  std::unique_ptr<TrustBook> book(new TrustBook(context, std::move(folder), std::move(configured)));
  DKVM_CHECK(book->watch());  // before it is read: no change is missed
  DKVM_CHECK(book->read());
  return book;
}

TrustBook::~TrustBook() {
  context_.cancel_timer(timer_);
  if (inotify_) context_.forget(inotify_.get());
}

std::optional<std::string> TrustBook::name_of(const trust::Fingerprint& fingerprint) const {
  const auto found = names_.find(fingerprint);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

// The folder, not the file: it is replaced by another at each change.
Result<> TrustBook::watch() {
  inotify_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  constexpr std::uint32_t kChanges =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;
  if (!inotify_ || ::inotify_add_watch(inotify_.get(), folder_.c_str(), kChanges) < 0)
    return fail(Errc::exhausted, fmt::format("watching the folder '{}': {}", folder_.string(),
                                             std::strerror(errno)));
  return context_.watch(inotify_.get(), [this] { look(); });
}

Result<> TrustBook::read() {
  DKVM_TRY(const trust::Store store, trust::Store::load(folder_));
  peers_.clear();
  names_.clear();
  for (const PeerConfig& configured : configured_) take(configured);
  for (const trust::Peer& stored : store.peers()) {
    PeerConfig peer;
    for (const PeerConfig& configured : configured_)
      if (configured.name == stored.name) peer = configured;
    peer.name = stored.name;
    peer.pins.push_back(stored.pin);
    take(std::move(peer));
  }
  return {};
}

// A certificate has one name: that of the configuration, where two places disagree.
void TrustBook::take(PeerConfig peer) {
  std::erase_if(peer.pins, [&](const trust::Fingerprint& pin) {
    const auto [known, is_new] = names_.emplace(pin, peer.name);
    if (known->second == peer.name) return false;
    log_warning(fmt::format("the certificate {} is pinned as '{}' and as '{}'; it counts as '{}'",
                            pin.text(), known->second, peer.name, known->second));
    return true;
  });
  if (!peer.pins.empty()) peers_[peer.name] = std::move(peer);
}

void TrustBook::look() {
  alignas(inotify_event) char bytes[4096];
  bool ours = false;
  for (;;) {
    const ssize_t got = ::read(inotify_.get(), bytes, sizeof(bytes));
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes + at);
      ours = ours || (event->mask & IN_Q_OVERFLOW) != 0 ||
             (event->len != 0 && std::string_view(event->name) == trust::kTrustFile);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  if (!ours) return;
  context_.cancel_timer(timer_);
  timer_ = context_.after(kTrustReadPause, [this] {
    if (const auto done = read(); !done)
      return log_error("whom to trust is left as it was: " + done.error().message());
    if (changed_) changed_();
  });
}

}  // namespace dkvm::tcp
