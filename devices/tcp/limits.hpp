#pragma once

#include <dkvm/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

// What links allow, wait for and give up on.
// Source: docs/links.md, "Limits".
namespace dkvm::tcp {

inline constexpr std::uint16_t kLinkPortDefault = 24860;
inline constexpr std::uint16_t kLinkProtocolVersion = 1;

// --- names and addresses ------------------------------------------------------

inline constexpr std::size_t kAddressesMax = 16;  // in listen or connect
inline constexpr std::size_t kResolvedMax = 16;   // of one name; the rest is left out
inline constexpr std::size_t kHostBytesMax = 255;
inline constexpr std::size_t kPinsPerPeerMax = 16;

// --- strangers ------------------------------------------------------------------

inline constexpr int kListenBacklogMax = 1024;
inline constexpr std::size_t kAcceptsPerTurnMax = 64;
inline constexpr std::size_t kWaitingMax = 256;  // connected, and not a byte yet
inline constexpr std::size_t kWaitingPerAddressMax = 64;
inline constexpr std::size_t kHandshakesMax = 64;
inline constexpr std::size_t kHandshakesPerAddressMax = 16;
inline constexpr std::chrono::milliseconds kHandshakeTimeMax{2000};  // from accept to hello
inline constexpr std::chrono::milliseconds kAcceptPause{100};        // when descriptors ran out
inline constexpr std::size_t kHelloBytesMax = 1024;                  // a whole frame
inline constexpr std::chrono::seconds kStrangerLogPause{10};

// --- a link's life --------------------------------------------------------------

inline constexpr std::chrono::milliseconds kPingPause{100};
inline constexpr std::chrono::milliseconds kSilenceMax{400};
inline constexpr std::chrono::milliseconds kDeadAfter{3000};
inline constexpr std::chrono::milliseconds kLoopGapMax{100};  // later than due: the gap is ours
inline constexpr std::chrono::milliseconds kBulkMissingMax{1000};
inline constexpr std::size_t kReasonBytesMax = 256;  // of a peer's stop; the rest is left out

inline constexpr std::chrono::milliseconds kDialTimeMax{700};
inline constexpr std::chrono::milliseconds kDialStagger{150};  // between addresses of one dial
inline constexpr std::size_t kDialsAtOnceMax = 4;
// For a name service; when it has answered before, that answer does after a while.
inline constexpr std::chrono::milliseconds kLookupTimeMax{5000};
inline constexpr std::chrono::milliseconds kLookupTimeKnownMax{300};
inline constexpr std::chrono::milliseconds kRetryPauseMin{100};
inline constexpr std::chrono::milliseconds kRetryPauseMax{250};
inline constexpr std::chrono::minutes kRetryOftenFor{5};
inline constexpr std::chrono::milliseconds kRetryPauseLateMax{5000};
inline constexpr std::chrono::milliseconds kRefusedPause{5000};
// How long who has broken the rules stays out, unless `cut_pause` says otherwise.
inline constexpr std::chrono::milliseconds kCutPauseDefault = kRefusedPause;
inline constexpr std::chrono::hours kCutPauseMax{1};
inline constexpr std::chrono::milliseconds kNetworkChangePause{50};

// --- clocks -----------------------------------------------------------------------

inline constexpr std::chrono::seconds kOffsetWindow{10};
inline constexpr std::size_t kOffsetSamplesToSet = 3;  // until then an offset may step
inline constexpr std::int64_t kSlewUsPerSecondMax = 500;
// Beyond what two samples' bounds allow: one of the clocks has stood still.
inline constexpr std::chrono::milliseconds kClockJumpMin{50};
inline constexpr std::size_t kPingsOpenMax = 64;  // older ones are no sample any more

// --- the stream -------------------------------------------------------------------

inline constexpr std::size_t kChannelReadBytesPerTurnMax = 64 * 1024;
inline constexpr std::size_t kChannelBacklogMax = 1024 * 1024;
inline constexpr std::size_t kInputUnsentBytesMax = 4 * 1024;  // TCP_NOTSENT_LOWAT
inline constexpr std::size_t kBulkUnsentBytesMax = 64 * 1024;
inline constexpr std::chrono::milliseconds kUserTimeout{3000};  // TCP_USER_TIMEOUT

// --- peers --------------------------------------------------------------------------

inline constexpr std::size_t kPeersDefault = 128;
inline constexpr std::size_t kPeersMax = 1000;
inline constexpr std::uint64_t kPeerBufferBytesDefault = 256ull * 1024 * 1024;
inline constexpr std::chrono::milliseconds kTrustReadPause{50};  // a change is read once it settles

// --- streams over it ----------------------------------------------------------------

inline constexpr std::size_t kStreamsMax = 256;  // of a link, each way
// How often a peer may open, refuse and enlarge streams: each time ports or pools of this
// kernel come and go.
inline constexpr std::size_t kStreamChangesBurstMax = 4 * kStreamsMax;
inline constexpr std::size_t kStreamChangesPerSecondMax = 256;
// Topics of one's own that a peer may bring in streams which take every topic.
inline constexpr std::size_t kUnaskedTopicsMax = 8;
// Its port may have one more: what lets go.
inline constexpr std::size_t kTopicsPerStreamMax = kTopicsPerPortMax - 1;
inline constexpr std::size_t kPeerCallsMax = 64;
// Bytes that may wait for the input connection beside a call or an answer: more is
// `overloaded`. Well below what a link is cut for, and keys go before it.
inline constexpr std::size_t kCallBacklogMax = 256 * 1024;
inline constexpr std::size_t kLinksPageMax = 50;
inline constexpr std::size_t kLinksPageBytes = 24 * 1024;  // and the link that exceeds it

// Input that was on its way for longer is not played any more.
inline constexpr std::uint64_t kInputAgeNsMax = 1'000'000'000;
// Unsent bytes from which on the streams of the input connection wait: the kernel's
// queues then do as their policies say, and know what may be merged.
inline constexpr std::size_t kInputBacklogMax = 8 * 1024;
// Sent and not confirmed by the peer; streams wait from there on.
inline constexpr std::size_t kUnconfirmedEventsMax = 1024;
inline constexpr std::size_t kUnconfirmedBytesMax = 512 * 1024;  // a replay fits the backlog
// A body (sound) that rides on the input connection.
inline constexpr std::size_t kInlineBodyMax = 64 * 1024;
inline constexpr std::size_t kInlineChunkBytes = 4 * 1024;

// Bytes of a bulk stream that are handed to the bulk thread ahead of what it has
// written; beyond that the next event waits, and the kernel keeps the newest behind it.
inline constexpr std::uint64_t kAheadBytesMax = 256 * 1024;
inline constexpr std::size_t kCreditsMax = 64;  // slots that a peer may grant ahead
inline constexpr std::size_t kChunkBytesMax = kPayloadBytesMax - kHeaderBytes;  // 4 records of TLS
inline constexpr std::size_t kChunkBytesMin = 4 * 1024;

}  // namespace dkvm::tcp
