#pragma once

#include "tools/bench/harness/process.hpp"

#include <dkvm/result.hpp>

#include <sys/types.h>

#include <string>
#include <utility>

namespace dkvm::bench {

inline constexpr unsigned kScreenWidth = 1920;
inline constexpr unsigned kScreenHeight = 1080;

// An X server of the bench's own, without hardware. Ends with its owner.
class XScreen {
 public:
  // Returns once it takes connections. `name` is unique in the folder.
  // Errors: Errc::not_found without Xvfb, Errc::timeout with the end of its log.
  static Result<XScreen> start(const TemporaryFolder& folder, const std::string& name);

  const std::string& display() const { return display_; }  // ":3"
  // For the environment of its clients.
  std::string variable() const { return "DISPLAY=" + display_; }
  pid_t pid() const { return process_.pid(); }

 private:
  XScreen(Process process, std::string display)
      : process_(std::move(process)), display_(std::move(display)) {}

  Process process_;
  std::string display_;
};

}  // namespace dkvm::bench
