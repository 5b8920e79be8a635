#pragma once

#include <chrono>
#include <cstddef>

namespace dkvm::trust {

inline constexpr std::size_t kPeerNameBytesMax = 32;
inline constexpr std::size_t kPinsMax = 4096;                    // in one file of pins
inline constexpr std::size_t kTrustFileBytesMax = 1024 * 1024;   // what is longer is an error
inline constexpr std::size_t kIdentityFileBytesMax = 64 * 1024;  // a key or a certificate
inline constexpr long kCertificateListBytesMax = 16 * 1024;      // what a stranger may present

inline constexpr std::chrono::hours kValidFor{24 * 3653};       // ten years
inline constexpr std::chrono::hours kValidBefore{24};           // for a peer whose clock is behind
inline constexpr std::chrono::hours kWarnedBefore{24 * 30};     // of a certificate's end
inline constexpr std::chrono::milliseconds kLockTimeMax{2000};  // for another program's change

}  // namespace dkvm::trust
