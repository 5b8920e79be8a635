#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <string>

namespace dkvm::media {

// What a writer makes of a file that is there: a new one, or it goes on with it,
// so that nothing of it gets lost.
enum class Begin : std::uint8_t { anew, go_on };

// Looks whether a file can be made, or written where it is there, without
// touching anything: for who writes it only much later.
// Errors: Errc::invalid with the path, the cause and what was expected.
Result<> check_can_be_made(const std::string& path);

// The first path of its kind that is free: film.mp4, film.2.mp4, film.3.mp4 ...
// An empty file is as good as none.
std::string free_name(const std::string& path);

}  // namespace dkvm::media
