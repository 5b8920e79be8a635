#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// Every limit of the wire, named once for both sides.
// Source: docs/protocol.md, "Limits".
namespace dkvm {

inline constexpr std::uint16_t kProtocolVersion = 1;

inline constexpr std::size_t kFrameAlignBytes = 8;
inline constexpr std::size_t kHeaderBytes = 64;
inline constexpr std::size_t kBufferRefBytes = 32;
inline constexpr std::size_t kHopStampBytes = 32;
inline constexpr std::size_t kPayloadBytesMax = 64 * 1024;
inline constexpr std::size_t kBuffersPerFrameMax = 16;
inline constexpr std::size_t kHopsMax = 8;
inline constexpr unsigned kWriterSlotsMax = 16;  // of a pool, for its producer
inline constexpr std::size_t kFrameBytesMax = kHeaderBytes + kBuffersPerFrameMax * kBufferRefBytes +
                                              kHopsMax * kHopStampBytes + kPayloadBytesMax;

inline constexpr unsigned kVerifierDepthMax = 16;
inline constexpr unsigned kVerifierTablesMax = 1024;

inline constexpr std::size_t kReadBytesPerTurnMax = 16 * 1024;
inline constexpr std::size_t kCallsOutstandingMax = 256;
// What a call's body, or an answer's body and message together, may hold: with
// what the kernel adds it still fits a frame.
inline constexpr std::size_t kCallBodyBytesMax = 60 * 1024;
inline constexpr std::size_t kCallAddressBytesMax = 256;  // a target or a caller
inline constexpr std::size_t kPortsPerDeviceMax = 1024;
inline constexpr std::size_t kPortsPerHelloMax = 256;  // the others open at run time
inline constexpr std::size_t kTopicsPerPortMax = 64;
inline constexpr std::size_t kNameBytesMax = 64;
inline constexpr std::size_t kInputCodesMax = 768;    // evdev KEY_CNT: keys and buttons
inline constexpr std::size_t kCustomTopicsMax = 512;  // all of them fit one welcome
inline constexpr std::size_t kMonitorsMax = 64;
inline constexpr std::size_t kChordsPerGrabMax = 64;
inline constexpr std::size_t kCodesPerChordMax = 8;
inline constexpr std::size_t kEdgesPerGrabMax = 64;
inline constexpr std::size_t kLinkSessionBytes = 32;

inline constexpr std::size_t kConfigEnvBytesMax = 96 * 1024;
inline constexpr std::size_t kLogLineBytesMax = 64 * 1024;

// A line of the control socket, either way, without its newline.
inline constexpr std::size_t kControlLineBytesMax = 64 * 1024;

inline constexpr std::chrono::seconds kHelloTimeMax{10};
inline constexpr std::chrono::milliseconds kKernelSilenceMax{500};
inline constexpr std::chrono::milliseconds kCallTimeDefault{5000};

// The port of a device that talks with the kernel itself: subscriptions are
// delivered there.
inline constexpr std::uint16_t kKernelPort = 0xFFFF;

// Exit status of a device that must not be started again as it stands:
// its configuration is refused or its protocol is too old.
inline constexpr int kExitRefused = 125;

}  // namespace dkvm
