#pragma once

#include "devices/tcp/transport/link_config.hpp"
#include "trust/fingerprint.hpp"

#include <dkvm/context.hpp>
#include <dkvm/fd.hpp>
#include <dkvm/result.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dkvm::tcp {

// Who is trusted: the pins of the configuration and those of the store, whose file is
// watched. A file that becomes unreadable or wrong changes nothing, and is complained of.
class TrustBook {
 public:
  // Life: the context outlives it.
  // Errors: those of trust::Store, Errc::exhausted when the folder cannot be watched.
  static Result<std::unique_ptr<TrustBook>> open(Context& context, std::filesystem::path folder,
                                                 std::vector<PeerConfig> configured);
  ~TrustBook();
  TrustBook(const TrustBook&) = delete;
  TrustBook& operator=(const TrustBook&) = delete;

  // Called after each change.
  void on_change(std::function<void()> callback) { changed_ = std::move(callback); }

  // The name of who has this certificate; none: nobody whom one trusts.
  std::optional<std::string> name_of(const trust::Fingerprint& fingerprint) const;
  // Every peer that has a pin, with all of its pins, by name.
  const std::map<std::string, PeerConfig>& peers() const { return peers_; }

  const std::filesystem::path& folder() const { return folder_; }

 private:
  TrustBook(Context& context, std::filesystem::path folder, std::vector<PeerConfig> configured)
      : context_(context), folder_(std::move(folder)), configured_(std::move(configured)) {}
  Result<> watch();
  Result<> read();
  void take(PeerConfig peer);
  void look();

  Context& context_;
  std::filesystem::path folder_;
  std::vector<PeerConfig> configured_;
  std::function<void()> changed_;
  Fd inotify_;
  Context::Timer timer_ = 0;
  std::map<std::string, PeerConfig> peers_;
  std::map<trust::Fingerprint, std::string> names_;
};

}  // namespace dkvm::tcp
