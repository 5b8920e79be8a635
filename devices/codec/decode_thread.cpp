#include "devices/codec/decode_thread.hpp"

#include <utility>

namespace dkvm::codec {

DecodeThread::DecodeThread(Context& context, PictureDecoder decoder, OnDone on_done)
    : decoder_(std::move(decoder)),
      on_done_(std::move(on_done)),
      worker_(
          context, [this](Job job) { return work(std::move(job)); },
          [this](Done done) { on_worked(std::move(done)); }) {}

bool DecodeThread::give(const MediaPacket& packet, Bytes bytes, std::uint64_t capture_ns,
                        std::uint64_t sequence) {
  last_sequence_ = sequence;
  const bool full =
      worker_.outstanding() >= kPacketsWaitingMax || bytes_ + bytes.size() > kWaitingBytesMax;
  if (full && packet.keyframe) {
    for (const Job& job : worker_.take_back()) {
      bytes_ -= job.size;
      ++dropped_;
    }
  } else if (full || (broken_ && !packet.keyframe)) {
    ++dropped_;
    broken_ = true;
    return false;
  }
  broken_ = false;
  if (packet.keyframe) key_sequence_ = sequence;
  bytes_ += bytes.size();
  worker_.give({packet, PictureDecoder::copied(bytes), bytes.size(), capture_ns, sequence});
  return true;
}

DecodeThread::Done DecodeThread::work(Job job) {
  auto decoded = decoder_.decode(job.packet, std::move(job.bytes), job.capture_ns);
  return {std::move(decoded), job.sequence, job.size, decoder_.needs_keyframe()};
}

void DecodeThread::on_worked(Done done) {
  bytes_ -= done.size;
  done.needs_keyframe = broken_ || (done.needs_keyframe && key_sequence_ <= done.sequence);
  if (worker_.outstanding() == 0) done.sequence = last_sequence_;
  on_done_(std::move(done));
}

}  // namespace dkvm::codec
