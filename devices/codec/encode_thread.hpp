#pragma once

#include "devices/codec/picture_encoder.hpp"
#include "devices/media/canvas.hpp"

#include <dkvm/context.hpp>
#include <dkvm/picture.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace dkvm::codec {

// Encodes on a thread of its own: a picture of a slow codec takes longer than a device
// may keep the kernel waiting for its pong, and a picture that comes meanwhile is to be
// taken, so that its buffer goes back to whoever draws. What waits is one picture, the
// newest, with the damage of all that it takes the place of.
// Life: the device's thread, but for run(); the context outlives it.
class EncodeThread {
 public:
  struct Job {
    bool keyframe = false;
    PictureRate rate{};
    std::span<std::byte> out{};  // for the packet, untouched after on_done
  };
  struct Done {
    std::size_t bytes = 0;   // 0: nothing was there to encode
    std::size_t needed = 0;  // more than out has: the packet is lost
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
  // Waits for the picture in work.
  ~EncodeThread();
  EncodeThread(const EncodeThread&) = delete;
  EncodeThread& operator=(const EncodeThread&) = delete;

  // Takes over the pixels. False when they are a part of a picture that it does not
  // have: a whole one is needed.
  bool take(const Picture& picture, std::uint64_t capture_ns);

  // There is a picture; it has changed since it was encoded.
  bool has_picture() const { return has_picture_; }
  bool changed();
  std::size_t picture_bytes() const { return picture_bytes_; }

  bool busy() const { return busy_; }
  // Shape: !busy()
  void encode(Job job);

 private:
  void run();
  Result<Done> work(const Job& job);
  Result<> convert(Done& done);
  Result<> prepare(const Job& job);

  Context& context_;
  const PictureCodec codec_;
  OnDone on_done_;
  bool has_picture_ = false;
  bool busy_ = false;
  std::size_t picture_bytes_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted calls

  std::mutex mutex_;  // of what follows, up to the thread's own
  std::condition_variable woken_;
  media::Canvas canvas_;
  Rect damage_{};
  std::uint64_t capture_ns_ = 0;
  std::optional<Job> job_;
  bool ended_ = false;

  I420 picture_;  // the thread's own
  std::optional<PictureEncoder> encoder_;
  std::thread thread_;
};

}  // namespace dkvm::codec
