#pragma once

#include "devices/codec/picture_encoder.hpp"
#include "devices/codec/worker.hpp"
#include "devices/media/canvas.hpp"

#include <dkvm/context.hpp>
#include <dkvm/picture.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dkvm::codec {

// Encodes on a thread of its own. A picture that comes meanwhile is taken, so that its
// buffer goes back to whoever draws: what waits is one picture, the newest, with the
// damage of all that it takes the place of.
// Life: the device's thread, but for work(); the context outlives it.
class EncodeThread {
 public:
  struct Job {
    bool keyframe = false;
    PictureRate rate{};
    std::span<std::byte> out{};  // for the packet, untouched after on_done
  };
  // What came of a job. An error that says unsupported is of the codec and its options:
  // no picture will ever come of them; others may pass.
  struct Done {
    std::optional<Error> refused{};  // the codec takes no pictures of this size, and why
    std::size_t bytes = 0;           // 0: nothing was there to encode
    std::size_t needed = 0;          // more than out has: the packet is lost
    bool keyframe = false;
    std::uint64_t capture_ns = 0;  // of what was encoded; of one that was before: now
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::string codec{};
    std::vector<std::uint8_t> extradata{};  // of a keyframe
  };
  using OnDone = std::function<void(Result<Done>)>;

  // on_done is called on the device's thread, once for each job.
  EncodeThread(Context& context, PictureCodec codec, OnDone on_done);
  EncodeThread(const EncodeThread&) = delete;
  EncodeThread& operator=(const EncodeThread&) = delete;

  // Takes over the pixels. False when they are a part of a picture that it does not
  // have: a whole one is needed.
  bool take(const Picture& picture, std::uint64_t capture_ns);

  // There is a picture; it has changed since it was encoded.
  bool has_picture() const { return has_picture_; }
  bool changed();
  std::uint32_t width() const { return width_; }
  std::uint32_t height() const { return height_; }
  std::size_t picture_bytes() const { return std::size_t{width_} * height_ * 4; }

  bool busy() const { return worker_.outstanding() != 0; }
  // Shape: !busy()
  void encode(Job job) { worker_.give(job); }

 private:
  Result<Done> work(const Job& job);
  Result<> convert(Done& done);
  Result<> prepare(const Job& job);

  const PictureCodec codec_;
  bool has_picture_ = false;
  std::uint32_t width_ = 0;  // of the picture that waits, or was encoded last
  std::uint32_t height_ = 0;

  std::mutex mutex_;  // of the next three
  media::Canvas canvas_;
  Rect damage_{};
  std::uint64_t capture_ns_ = 0;

  I420 picture_;  // the other thread's own
  std::optional<PictureEncoder> encoder_;
  Worker<Job, Result<Done>> worker_;  // last: it uses all of them
};

}  // namespace dkvm::codec
