#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dkvm::ctl {

inline constexpr std::uint16_t kPairPort = 24861;
inline constexpr int kPairAttemptsMax = 3;
inline constexpr int kPairBacklogMax = 64;          // who comes while another pairs
inline constexpr std::size_t kPairWaitingMax = 32;  // connected, and silent

inline constexpr std::chrono::seconds kPairListenTime{120};  // unless --for says otherwise
inline constexpr std::chrono::seconds kPairListenTimeMax{3600};
inline constexpr std::chrono::seconds kPairStepTimeMax{10};    // of what machines do
inline constexpr std::chrono::seconds kPairAnswerTimeMax{60};  // of what people do

}  // namespace dkvm::ctl
