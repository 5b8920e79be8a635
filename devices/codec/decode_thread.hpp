#pragma once

#include "devices/codec/picture_decoder.hpp"
#include "devices/codec/worker.hpp"

#include <dkvm/context.hpp>
#include <dkvm/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace dkvm::codec {

// Decodes on a thread of its own, one packet after the other, as each needs the one
// before it. Packets wait while one is in work.
// Limit: kPacketsWaitingMax packets and kWaitingBytesMax; what comes then is dropped, and
//        all that depends on it, until a keyframe comes: that takes the place of all that
//        wait.
// Life:  the device's thread, but for work(); the context outlives it.
class DecodeThread {
 public:
  struct Done {
    Result<PictureDecoder::Decoded> decoded;
    std::uint64_t sequence = 0;   // of the packet, and of those before it: they are done with
    std::size_t size = 0;         // of the packet
    bool needs_keyframe = false;  // and none is on its way
  };
  using OnDone = std::function<void(Done)>;

  // on_done is called on the device's thread, for each packet that was not dropped.
  DecodeThread(Context& context, PictureDecoder decoder, OnDone on_done);
  DecodeThread(const DecodeThread&) = delete;
  DecodeThread& operator=(const DecodeThread&) = delete;

  // Takes a packet over, or drops it. False when a keyframe is needed.
  bool give(const MediaPacket& packet, Bytes bytes, std::uint64_t capture_ns,
            std::uint64_t sequence);

  // No packet is in work, or waits.
  bool idle() const { return worker_.outstanding() == 0; }

  // Packets that were not decoded for want of time.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Job {
    MediaPacket packet;
    Result<media::AvPacket> bytes;
    std::size_t size = 0;
    std::uint64_t capture_ns = 0;
    std::uint64_t sequence = 0;
  };
  Done work(Job job);
  void on_worked(Done done);

  PictureDecoder decoder_;  // the other thread's
  OnDone on_done_;
  bool broken_ = false;  // packets were dropped: a keyframe is needed
  std::uint64_t last_sequence_ = 0;
  std::uint64_t key_sequence_ = 0;  // of the last keyframe that was taken
  std::size_t bytes_ = 0;           // of packets that are in work, or wait
  std::uint64_t dropped_ = 0;
  Worker<Job, Done> worker_;  // last: it uses the decoder
};

}  // namespace dkvm::codec
