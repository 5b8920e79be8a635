#pragma once

#include <dkvm/detail/fd.hpp>
#include <dkvm/result.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace dkvm::trust {

// Who may see a file.
enum class Privacy {
  secret,   // its owner alone: a key
  guarded,  // others may read it, its owner alone may change it: pins, a certificate
};

// A file whole, from a place that only its owner and root can change.
// Errors: Errc::not_found when there is none; Errc::denied when others could
// have read or changed it, with what to do; Errc::invalid when it is no file of
// at most bytes_max.
Result<std::string> read_file(const std::filesystem::path& path, Privacy privacy,
                              std::size_t bytes_max);

// The folder of an identity while this program alone changes it: a lock keeps
// out the others of ours, for as long as this lives.
class Folder {
 public:
  // Makes the folder, 0700, when it is missing, and its parents.
  // Errors: Errc::denied when others can change what is in it; Errc::overloaded
  // when another program has it for longer than kLockTimeMax.
  static Result<Folder> open(const std::filesystem::path& path);

  // Puts a file there as a whole or not at all: 0600 from the start, and on the
  // disk before its name is.
  Result<> replace(std::string_view name, std::string_view content);
  // Nothing is lost when the new name is taken: it is replaced.
  Result<> rename(std::string_view from, std::string_view to);
  Result<> remove(std::string_view name);  // also when there is none
  bool has(std::string_view name) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  Folder(std::filesystem::path path, detail::Fd folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}

  Result<> lock();
  Error failed(std::string_view doing, std::string_view name) const;

  std::filesystem::path path_;
  detail::Fd folder_;
  detail::Fd lock_;
};

}  // namespace dkvm::trust
