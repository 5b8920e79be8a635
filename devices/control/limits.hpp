#pragma once

#include <dkvm/limits.hpp>

#include <chrono>
#include <cstddef>

// What clients of the control socket may ask for.
// Source: docs/operations.md, "The socket".
namespace dkvm {

inline constexpr std::size_t kControlClientsMax = 32;          // one more is told so and closed
inline constexpr std::size_t kClientCallsMax = 16;             // one more is answered `overloaded`
inline constexpr std::size_t kClientReadBytesMax = 16 * 1024;  // of one client, a turn

// Answers that a client has not read: room for all that it may have asked for.
// A client that lets more pile up is disconnected.
inline constexpr std::size_t kClientOutputBytesMax = kClientCallsMax * kControlLineBytesMax;

// Of an error's text in an answer; what is longer is cut.
inline constexpr std::size_t kAnswerMessageBytesMax = 8 * 1024;

inline constexpr std::chrono::milliseconds kControlDeadlineMax{300'000};
inline constexpr int kControlBacklogMax = 32;
inline constexpr std::chrono::seconds kAcceptPause{1};  // when descriptors have run out

}  // namespace dkvm
