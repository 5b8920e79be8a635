#include "devices/codec/encode_thread.hpp"
#include "devices/codec/options.hpp"
#include "devices/codec/refresh_gate.hpp"
#include "devices/media/complaints.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/trouble.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace {

using namespace dkvm;
using namespace dkvm::codec;

// Makes packets of pictures. One picture is in work at a time, and the newest waits:
// for the encoder, for a slot, for its turn by `max_fps`.
class VideoEncoder final : public Device {
 public:
  VideoEncoder()
      : Device("video-encoder", "Encodes pictures by FFmpeg: a packet for each, at once"),
        video_(sink<DisplayFrame, DisplayMode>({.name = "video", .help = "the pictures"})),
        packets_(source<MediaPacket>({.name = "packets", .help = "the packets"})) {
    declare();
    video_.on<DisplayFrame>([this](const auto& frame, const auto& info) { take(frame, info); });
    video_.on<DisplayMode>([](const auto&, const auto&) {});  // each picture says its size
    packets_.on_upstream<Refresh>([this](const Refresh& refresh) { on_refresh(refresh); });
    packets_.on_upstream_any([this](const Frame& message) { on_feedback(message); });
    packets_.on_slots([this] { step(); });
    packets_.on_resume([this] { step(); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    trouble_.begin(context);
    media::log_as_device();
    DKVM_TRY(codec_, read(context.config()));
    DKVM_CHECK(find_picture_encoder(codec_.encoder));
    DKVM_CHECK(check_options());
    // A picture may become smaller again, so this is no reason to be parked.
    packets_.on_pool_refused([this](const Error& why) {
      context_->finish(Error(Errc::exhausted, "no shared memory for packets: " + why.message()));
    });
    DKVM_CHECK(open_pool(kPacketSlotBytesMin));
    thread_ = std::make_unique<EncodeThread>(
        context, codec_, [this](Result<EncodeThread::Done> d) { on_done(std::move(d)); });
    context.serve("video.set", [this](const Call& call, Reply reply) { reply(set(call.body)); });
    context.serve("video.status",
                  [this](const Call& call, Reply reply) { reply(status(call.body)); });
    return {};
  }

  void stop(Context&) override { thread_.reset(); }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  static constexpr std::uint64_t kStillNs = std::chrono::nanoseconds(kStillAfter).count();

  void declare() {
    option({.name = "codec",
            .fallback = "libx264",
            .help = "FFmpeg's name of a video encoder (ffmpeg -encoders)"});
    option({.name = "bitrate",
            .type = ValueType::integer,
            .fallback = std::to_string(kBitrateDefault),
            .help = "bits/s at most; less when the way takes less",
            .min = kBitrateMin,
            .max = kBitrateMax});
    option({.name = "max_fps",
            .type = ValueType::number,
            .fallback = "60",
            .help = "pictures/s at most; of more the newest go",
            .min = kFpsMin,
            .max = kFpsMax});
    option({.name = "keyframe_interval",
            .type = ValueType::integer,
            .fallback = "0",
            .help = "pictures from keyframe to keyframe; 0: only when one is asked for",
            .min = 0,
            .max = 1'000'000});
    option({.name = "threads",
            .type = ValueType::integer,
            .fallback = std::to_string(kThreadsDefault),
            .help = "that share each picture",
            .min = 1,
            .max = kThreadsMax});
    option({.name = "options",
            .type = ValueType::map,
            .help = "of the encoder, by FFmpeg's names: {preset: veryfast, crf: 20}"});
  }

  Result<PictureCodec> read(const ConfigReader& config) {
    PictureCodec codec;
    DKVM_TRY(codec.encoder, config.text("codec"));
    DKVM_TRY(const std::int64_t bitrate, config.integer("bitrate"));
    rate_ = RateControl(static_cast<std::uint64_t>(bitrate));
    DKVM_TRY(codec.fps, config.number("max_fps"));
    DKVM_TRY(const std::int64_t interval, config.integer("keyframe_interval"));
    codec.keyframe_interval = static_cast<unsigned>(interval);
    DKVM_TRY(const std::int64_t threads, config.integer("threads"));
    codec.threads = static_cast<int>(threads);
    DKVM_TRY(codec.options, read_options(config));
    return codec;
  }

  // An option that the encoder has not, or that it refuses, parks the device now and not
  // at the first picture; what sizes it takes is told by the pictures.
  Result<> check_options() {
    constexpr std::uint32_t kTryWidth = 640, kTryHeight = 360;
    const auto tried = PictureEncoder::open(codec_, kTryWidth, kTryHeight, picture_rate());
    if (tried || tried.error().code() == Errc::exhausted) return {};
    if (tried.error().code() == Errc::invalid) return fail(tried.error());
    PictureCodec plain = codec_;
    plain.options.clear();
    if (codec_.options.empty() ||
        !PictureEncoder::open(plain, kTryWidth, kTryHeight, picture_rate()))
      return {};
    return fail(Error(tried.error()).within("config key 'options'"));
  }

  PictureRate picture_rate() { return PictureRate::of(rate_.bits_per_s(now_ns()), codec_.fps); }

  Result<> open_pool(std::size_t slot_bytes) {
    slot_bytes_ = slot_bytes;
    return packets_.open_pool({.slot_bytes = slot_bytes, .slots = kPacketSlots});
  }

  // --- what comes -------------------------------------------------------------

  void take(const DisplayFrame& frame, const EventInfo& info) {
    if (!thread_) return;
    const auto picture = Picture::of(frame, info.bytes());
    if (!picture) return complaints_.say(picture.error().message());
    if (const auto fits = check_size(*picture); !fits)
      return complaints_.say(fits.error().message());
    if (!thread_->take(*picture, info.capture_ns())) return ask_for_picture();
    if (refused_ && (refused_->width != picture->width() || refused_->height != picture->height()))
      refused_.reset();
    const std::size_t wanted = std::max(kPacketSlotBytesMin, thread_->picture_bytes() / 8);
    if (wanted > slot_bytes_) grow(wanted);
    step();
  }

  static Result<> check_size(const Picture& picture) {
    const std::uint64_t pixels = std::uint64_t{picture.width()} * picture.height();
    if (picture.width() <= kSidePixelsMax && picture.height() <= kSidePixelsMax &&
        pixels <= kPicturePixelsMax)
      return {};
    return fail(Errc::unsupported, "a picture of " + std::to_string(picture.width()) + "x" +
                                       std::to_string(picture.height()) +
                                       ", expected sides of at most " +
                                       std::to_string(kSidePixelsMax) + " and at most " +
                                       std::to_string(kPicturePixelsMax) + " pixels");
  }

  void on_feedback(const Frame& message) {
    if (message.header.topic() != id_of(wire::Topic::feedback)) return;
    const auto feedback = read_payload<Feedback>(message.payload);
    if (!feedback) return;
    const std::uint64_t consumer =
        std::uint64_t{message.header.origin_device()} << 32 | message.header.sequence();
    rate_.note(consumer, *feedback, now_ns());
  }

  void on_refresh(const Refresh& refresh) {
    if (refresh.what != wire::RefreshWhat::frame) return;
    if (!thread_ || !thread_->has_picture()) return ask_for_picture();
    keyframe_wanted_ = true;
    step();
  }

  void ask_for_picture() {
    if (!upstream_gate_.pass(now_ns())) return;
    Refresh refresh;
    refresh.what = wire::RefreshWhat::frame;
    if (const auto sent = video_.send_upstream(refresh); !sent)
      log_warning("asking for a whole picture: " + sent.error().message());
  }

  // --- what goes --------------------------------------------------------------

  // Begins the next picture, if there is one and its time has come.
  void step() {
    if (!thread_ || thread_->busy() || !thread_->has_picture() || packets_.paused()) return;
    if (refused_) return;  // until a picture of another size
    const bool changed = thread_->changed();
    const std::uint64_t due = due_ns(changed);
    if (due == kNever) return;
    const std::uint64_t now = now_ns();
    if (due > now) return wait_until(due);
    auto slot = packets_.borrow();
    if (!slot) return;  // on_slots() comes back to it, with what is newest then
    slot_ = std::move(*slot);
    begin(changed, now);
  }

  std::uint64_t due_ns(bool changed) const {
    if (changed || chain_broken_) return next_ns_;
    std::uint64_t due = kNever;
    if (sharpening_) due = std::max(next_ns_, changed_at_ns_ + kStillNs);
    if (keyframe_wanted_) due = std::min(due, keyframe_gate_.next_ns());
    return due;
  }

  void begin(bool changed, std::uint64_t now) {
    const PictureRate rate = picture_rate();
    next_ns_ = now + rate.interval_ns();
    picture_bits_ = rate.picture_bits();
    const bool asked = keyframe_wanted_ && keyframe_gate_.pass(now);
    if (asked) keyframe_wanted_ = false;
    const bool keyframe = asked || std::exchange(chain_broken_, false);
    if (changed) {
      changed_at_ns_ = now;
      sharpened_ = 0;
    }
    sharpening_ = false;
    thread_->encode({keyframe, rate, slot_.bytes()});
  }

  void wait_until(std::uint64_t time_ns) {
    if (timer_ != 0) context_->cancel_timer(timer_);
    timer_ = context_->at(time_ns, [this] {
      timer_ = 0;
      step();
    });
  }

  void on_done(Result<EncodeThread::Done> done) {
    Slot slot = std::exchange(slot_, {});
    if (!done) return on_failed(done.error());
    if (done->refused) return on_refused(*done);
    if (done->needed != 0) {
      ++oversize_;
      chain_broken_ = true;
      if (done->needed <= kPacketBytesMax) grow(done->needed + done->needed / 2);
    } else if (publish(std::move(slot), *done)) {
      sharpen(done->bytes);
    } else {
      chain_broken_ = true;
    }
    step();
  }

  // What the codec cannot do with any picture parks the device; what may pass is tried
  // again, with a keyframe.
  void on_failed(const Error& error) {
    if (error.code() == Errc::unsupported) return context_->finish(error);
    trouble_.say(error.message());
    chain_broken_ = true;
    next_ns_ =
        now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(kTryAgainAfter).count());
    step();
  }

  // Pictures of this size are dropped; those of another are tried again.
  void on_refused(const EncodeThread::Done& done) {
    refused_ = {done.width, done.height};
    trouble_.say(done.refused->message());
    chain_broken_ = true;
    if (thread_->width() == done.width && thread_->height() == done.height) return;
    refused_.reset();  // one of another size has come meanwhile
    step();
  }

  bool publish(Slot slot, const EncodeThread::Done& done) {
    MediaPacket packet;
    packet.codec = done.codec;
    packet.keyframe = done.keyframe;
    packet.pts_ns = done.capture_ns;
    packet.duration_ns = static_cast<std::uint64_t>(1e9 / codec_.fps);
    packet.width = width_ = done.width;
    packet.height = height_ = done.height;
    packet.extradata = done.extradata;
    const auto sent = packets_.publish(std::move(slot), done.bytes, packet, done.capture_ns,
                                       done.keyframe ? std::uint16_t{0} : kFlagDelta);
    if (!sent) {
      log_debug("a packet is lost: " + sent.error().message());
      return false;
    }
    trouble_.over();
    ++pictures_;
    bytes_ += done.bytes;
    if (done.keyframe) ++keyframes_;
    return true;
  }

  // A packet that took most of what a picture may have is not as sharp as it should be.
  // What moves is replaced soon; what stands still for kStillNs is sent again.
  void sharpen(std::size_t bytes) {
    sharpening_ = bytes * 8 > picture_bits_ / 2 && sharpened_ < kSharpeningMax;
    if (sharpening_) ++sharpened_;
  }

  void grow(std::size_t slot_bytes) {
    if (const auto opened = open_pool(std::min(slot_bytes, kPacketBytesMax)); !opened)
      context_->finish(opened.error());
  }

  // --- calls --------------------------------------------------------------------

  Answer set(const std::string& text) {
    DKVM_TRY(const nlohmann::json body, read_body(text, {"bitrate"}));
    DKVM_TRY(const auto bitrate, read_number(body, "bitrate", kBitrateMin, kBitrateMax));
    if (bitrate) rate_.set_most(*bitrate);
    return status("{}");
  }

  Answer status(const std::string& text) {
    DKVM_CHECK(read_body(text, {}));
    const PictureRate rate = picture_rate();
    return nlohmann::json{{"codec", codec_.encoder},
                          {"bitrate", rate_.most()},
                          {"bitrate_now", rate.bits_per_s},
                          {"fps_now", rate.fps},
                          {"width", width_},
                          {"height", height_},
                          {"pictures", pictures_},
                          {"keyframes", keyframes_},
                          {"bytes", bytes_},
                          {"oversize", oversize_},
                          {"exhausted", packets_.exhausted()}}
        .dump();
  }

  InPort& video_;
  OutPort& packets_;
  Context* context_ = nullptr;
  PictureCodec codec_;
  RateControl rate_;
  RefreshGate keyframe_gate_;
  RefreshGate upstream_gate_;
  media::Complaints complaints_;
  Trouble trouble_;
  Context::Timer timer_ = 0;
  std::size_t slot_bytes_ = 0;
  Slot slot_;  // of the picture in work

  std::uint64_t next_ns_ = 0;  // not before
  std::uint64_t picture_bits_ = 0;
  bool keyframe_wanted_ = false;
  bool chain_broken_ = false;  // a packet was lost here: the next is a keyframe
  bool sharpening_ = false;    // the last one is to be sent again, when nothing moves
  std::uint64_t changed_at_ns_ = 0;
  unsigned sharpened_ = 0;

  struct PictureSize {
    std::uint32_t width;
    std::uint32_t height;
  };
  std::optional<PictureSize> refused_;  // the codec takes no pictures of this size

  std::uint32_t width_ = 0;  // of the last packet
  std::uint32_t height_ = 0;
  std::uint64_t pictures_ = 0;
  std::uint64_t keyframes_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t oversize_ = 0;
  std::unique_ptr<EncodeThread> thread_;  // writes to slot_
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<VideoEncoder>(argc, argv); }
