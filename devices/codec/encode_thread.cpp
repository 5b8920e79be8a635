#include "devices/codec/encode_thread.hpp"

#include <cstring>
#include <utility>

namespace dkvm::codec {
namespace {

constexpr double kSameRateMost = 1.3;

}  // namespace

EncodeThread::EncodeThread(Context& context, PictureCodec codec, OnDone on_done)
    : codec_(std::move(codec)),
      worker_(
          context, [this](const Job& job) { return work(job); }, std::move(on_done)) {}

// The lock is held by the other thread while it converts, a millisecond at most.
bool EncodeThread::take(const Picture& picture, std::uint64_t capture_ns) {
  const std::lock_guard lock(mutex_);
  if (!canvas_.fits(picture)) {
    if (picture.partial()) return false;
    canvas_ = media::Canvas(picture.width(), picture.height(), picture.fourcc());
    damage_ = {};
    width_ = picture.width();
    height_ = picture.height();
  }
  canvas_.apply(picture);
  damage_ = unite(damage_, picture.area());
  capture_ns_ = capture_ns;
  has_picture_ = true;
  return true;
}

bool EncodeThread::changed() {
  const std::lock_guard lock(mutex_);
  return !is_empty(damage_);
}

Result<EncodeThread::Done> EncodeThread::work(const Job& job) {
  Done done;
  DKVM_CHECK(convert(done));
  done.width = picture_.width();
  done.height = picture_.height();
  if (auto prepared = prepare(job); !prepared) {
    if (prepared.error().code() != Errc::unsupported) return fail(std::move(prepared).error());
    done.refused = std::move(prepared).error();
    return done;
  }
  const auto encoded = encoder_->encode(picture_, job.keyframe);
  if (!encoded) {
    encoder_.reset();  // the next begins anew
    return fail(encoded.error());
  }
  const PictureEncoder::Packet& packet = *encoded;
  done.keyframe = packet.keyframe;
  done.codec = encoder_->codec_name();
  if (packet.bytes.size() > job.out.size()) {
    done.needed = packet.bytes.size();
    return done;
  }
  std::memcpy(job.out.data(), packet.bytes.data(), packet.bytes.size());
  done.bytes = packet.bytes.size();
  if (packet.keyframe) {
    const auto* first = flat_bytes(encoder_->extradata());
    done.extradata.assign(first, first + encoder_->extradata().size());
  }
  return done;
}

Result<> EncodeThread::convert(Done& done) {
  const std::lock_guard lock(mutex_);
  done.capture_ns = capture_ns_;
  if (picture_.empty() || picture_.width() != canvas_.width() ||
      picture_.height() != canvas_.height()) {
    encoder_.reset();
    DKVM_TRY(picture_, I420::make(canvas_.width(), canvas_.height()));
    damage_ = canvas_.area();
  }
  if (is_empty(damage_)) {
    done.capture_ns = now_ns();  // the screen still shows it
    return {};
  }
  return picture_.take(canvas_, std::exchange(damage_, {}));
}

// Another rate is the running encoder's, if it can; else it takes another encoder, which
// begins with a keyframe: not for a rate that is nearly the same.
Result<> EncodeThread::prepare(const Job& job) {
  if (encoder_ && encoder_->changes_rate()) {
    if (!(encoder_->rate() == job.rate)) encoder_->set_rate(job.rate);
  } else if (encoder_) {
    const double before = static_cast<double>(encoder_->rate().bits_per_s);
    const double change = static_cast<double>(job.rate.bits_per_s) / before;
    if (change < 1 / kSameRateMost || change > kSameRateMost) encoder_.reset();
  }
  if (encoder_) return {};
  DKVM_TRY(encoder_, PictureEncoder::open(codec_, picture_.width(), picture_.height(), job.rate));
  return {};
}

}  // namespace dkvm::codec
