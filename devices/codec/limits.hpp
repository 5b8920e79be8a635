#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Limits of the codec devices.
// Source: docs/media.md
namespace dkvm::codec {

// --- pictures ---------------------------------------------------------------

inline constexpr std::uint32_t kSidePixelsMax = 16'384;
// 8K and a little: 38 million pixels take 150 MB as BGRX.
inline constexpr std::uint64_t kPicturePixelsMax = 8'192ULL * 4'608;

inline constexpr std::uint64_t kBitrateDefault = 20'000'000;  // bits/s
inline constexpr std::uint64_t kBitrateMin = 100'000;
inline constexpr std::uint64_t kBitrateMax = 400'000'000;
inline constexpr int kThreadsDefault = 2;
inline constexpr int kThreadsMax = 16;
inline constexpr double kFpsDefault = 60;
inline constexpr double kFpsMin = 1;
inline constexpr double kFpsMax = 240;
inline constexpr std::size_t kOptionsMax = 64;  // of a codec

// A packet gets a slot of so many bytes at least; of a picture's BGRX bytes an
// eighth; larger ones once a packet did not fit.
inline constexpr std::size_t kPacketSlotBytesMin = 64 * 1024;
inline constexpr std::size_t kPacketBytesMax = 64 * 1024 * 1024;
inline constexpr unsigned kPacketSlots = 3;
inline constexpr unsigned kPictureSlots = 3;
// Before a decoder that is slower than what comes, the one in work included: some 130 ms
// at 60 pictures/s.
inline constexpr std::size_t kPacketsWaitingMax = 8;
inline constexpr std::size_t kWaitingBytesMax = kPacketBytesMax;
// A codec that has failed, and a pool that was refused, are tried again so much later.
inline constexpr std::chrono::milliseconds kTryAgainAfter{1000};

// A screen that stands still is sent again, so often at most, until it is as sharp as
// the codec's quality allows.
inline constexpr std::chrono::milliseconds kStillAfter{80};
inline constexpr unsigned kSharpeningMax = 30;

// Keyframes that are asked for from behind, and whole pictures that are asked for
// upstream: as often as the kernel passes such requests on.
inline constexpr std::chrono::milliseconds kRefreshIntervalMin{250};
// A decoder that has lost its references asks again.
inline constexpr std::chrono::milliseconds kRefreshAgainAfter{1000};

// --- sound ------------------------------------------------------------------

inline constexpr std::uint64_t kSoundBitrateDefault = 128'000;  // bits/s
inline constexpr std::uint64_t kSoundBitrateMin = 6'000;
inline constexpr std::uint64_t kSoundBitrateMax = 510'000;
inline constexpr std::uint8_t kSoundChannelsMax = 8;
inline constexpr std::size_t kSoundPacketBytesMax = 16 * 1024;
inline constexpr unsigned kSoundSlots = 8;
// Sound of one packet: the longest that Opus knows.
inline constexpr std::chrono::milliseconds kSoundPacketTimeMax{120};
// What was lost before a decoder is made up for by a fading echo, then by silence; what
// was lost before an encoder by silence. A longer gap is a step in the position.
inline constexpr std::chrono::milliseconds kEchoTime{20};
inline constexpr std::chrono::milliseconds kConcealTimeMax{120};
inline constexpr std::chrono::milliseconds kSilenceTimeMax{500};

}  // namespace dkvm::codec
