#include "devices/codec/bgrx.hpp"
#include "devices/codec/decode_thread.hpp"
#include "devices/codec/refresh_gate.hpp"
#include "devices/media/complaints.hpp"
#include "devices/media/growing_pool.hpp"

#include <dkvm/device_main.hpp>
#include <dkvm/trouble.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace {

using namespace dkvm;
using namespace dkvm::codec;

// Makes pictures of packets, on a thread of their own; of the pictures the newest is
// shown, in a slot, and of it what has changed. A packet is applied once it is decoded.
class VideoDecoder final : public Device {
 public:
  VideoDecoder()
      : Device("video-decoder", "Decodes packets by FFmpeg to pictures"),
        packets_(sink<MediaPacket>({.name = "packets", .help = "the packets"})),
        video_(source<DisplayFrame, DisplayMode>({.name = "video", .help = "the pictures"})) {
    option({.name = "codecs",
            .type = ValueType::list,
            .help = "those that may come, by FFmpeg's names; "
                    "[h264, hevc, vp8, vp9, av1, mjpeg] without the key"});
    option({.name = "threads",
            .type = ValueType::integer,
            .fallback = std::to_string(kThreadsDefault),
            .help = "that share each picture",
            .min = 1,
            .max = kThreadsMax});
    packets_.on<MediaPacket>([this](const auto& packet, const auto& info) { take(packet, info); })
        .apply_by_hand();
    video_.on_upstream<Refresh>([this](const Refresh& refresh) { on_refresh(refresh); });
    video_.on_slots([this] { show(); });
    video_.on_pool_refused([this](const Error& why) { on_refused(why); });
    video_.on_resume([this] { show(); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    trouble_.begin(context);
    media::log_nothing();
    std::vector<std::string> codecs = context.config().list("codecs");
    if (codecs.empty()) codecs = {"h264", "hevc", "vp8", "vp9", "av1", "mjpeg"};
    DKVM_TRY(const std::int64_t threads, context.config().integer("threads"));
    auto decoder = PictureDecoder::make(std::move(codecs), static_cast<int>(threads));
    if (!decoder) return fail(std::move(decoder).error().within("config key 'codecs'"));
    thread_ = std::make_unique<DecodeThread>(
        context, std::move(*decoder),
        [this](DecodeThread::Done done) { on_done(std::move(done)); });
    context.serve("video.status", [this](const Call&, Reply reply) { reply(status()); });
    return {};
  }

  void stop(Context&) override { thread_.reset(); }

 private:
  // A picture and what is needed to show it.
  using Shown = PictureDecoder::Decoded;

  void take(const MediaPacket& packet, const EventInfo& info) {
    if (!thread_) return;
    if (thread_->give(packet, info.bytes(), info.capture_ns(), info.sequence())) return;
    complaints_.say("packets come faster than they are decoded: some are dropped");
    keyframe_needed_ = true;
    ask_for_keyframe();
    // Else it is done with when those before it are.
    if (!thread_->idle()) return;
    if (const auto told = packets_.applied(info.sequence()); !told) context_->finish(told.error());
  }

  void on_done(DecodeThread::Done done) {
    ++packets_taken_;
    if (!done.decoded) on_damaged(done.decoded.error());
    keyframe_needed_ = done.needs_keyframe;
    // Of a stream that is refused another keyframe is no better.
    if (keyframe_needed_ && !stream_refused_) ask_for_keyframe();
    if (done.decoded && done.decoded->frame) {
      if (std::exchange(stream_refused_, false)) trouble_.over();
      ++pictures_;
      if (newest_.frame) ++superseded_;
      newest_ = std::move(*done.decoded);
      show();
    }
    if (const auto told = packets_.applied(done.sequence); !told) context_->finish(told.error());
  }

  void on_damaged(const Error& error) {
    ++damaged_;
    stream_refused_ = error.code() == Errc::unsupported;
    if (stream_refused_) return trouble_.say(error.message());
    complaints_.say(error.message());
  }

  // --- what goes --------------------------------------------------------------

  // Shows the newest picture, if there is one and a slot for it.
  void show() {
    if (!newest_.frame || video_.paused()) return;
    if (!begin_size(newest_)) return;
    if (!whole_ && shown_.frame && same_shape(shown_, newest_)) {
      damage_ = changed_area(*shown_.frame, *newest_.frame, newest_.width, newest_.height);
      if (is_empty(damage_)) {
        newest_ = {};
        return;
      }
    } else {
      whole_ = true;
      damage_ = Rect(0, 0, newest_.width, newest_.height);
    }
    auto slot = pool_.borrow();
    if (slot) send(std::move(*slot));  // else on_slots() comes back to it
  }

  static bool same_shape(const Shown& a, const Shown& b) {
    return a.width == b.width && a.height == b.height && a.frame->format == b.frame->format &&
           a.frame->colorspace == b.frame->colorspace &&
           a.frame->color_range == b.frame->color_range;
  }

  // Slots and a mode for pictures of this size. False when there can be none now.
  bool begin_size(const Shown& picture) {
    if (mode_.width == picture.width && mode_.height == picture.height) return true;
    const std::size_t bytes = std::size_t{4} * picture.width * picture.height;
    if (bytes >= refused_bytes_ && now_ns() < refused_until_ns_) return false;
    ++mode_.epoch;
    mode_.width = picture.width;
    mode_.height = picture.height;
    mode_.fourcc = kXR24;
    whole_ = true;
    refused_bytes_ = kNothingRefused;
    auto begun = pool_.fit({.slot_bytes = bytes, .slots = kPictureSlots});
    if (begun) begun = video_.emit(mode_);
    if (!begun) context_->finish(begun.error());
    return begun.has_value();
  }

  // Who sends larger pictures than this kernel has memory for costs pictures alone.
  void on_refused(const Error& why) {
    trouble_.say("no memory for pictures of " + std::to_string(mode_.width) + "x" +
                 std::to_string(mode_.height) + ": " + why.message());
    refused_bytes_ = std::size_t{4} * mode_.width * mode_.height;
    refused_until_ns_ =
        now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(kTryAgainAfter).count());
    pool_.on_refused();
    mode_.width = mode_.height = 0;
    context_->at(refused_until_ns_, [this] { show(); });
  }

  void send(Slot slot) {
    const bool whole = damage_.width() == mode_.width && damage_.height() == mode_.height;
    DisplayFrame frame;
    frame.epoch = mode_.epoch;
    frame.width = mode_.width;
    frame.height = mode_.height;
    frame.fourcc = kXR24;
    frame.stride = damage_.width() * 4;
    frame.damage = damage_;
    frame.partial = !whole;
    convert_area(*newest_.frame, damage_, slot.bytes());
    const std::size_t bytes = std::size_t{frame.stride} * damage_.height();
    const auto sent = video_.publish(std::move(slot), bytes, frame, newest_.capture_ns,
                                     whole ? std::uint16_t{0} : kFlagDelta);
    if (!sent) {  // the next one makes up for it
      complaints_.say("a picture is lost: " + sent.error().message());
      return;
    }
    ++sent_;
    if (!stream_refused_) trouble_.over();
    whole_ = false;
    shown_ = std::exchange(newest_, {});
  }

  // --- what comes from behind, and goes upstream ---------------------------------

  void on_refresh(const Refresh& refresh) {
    if (refresh.what == wire::RefreshWhat::display_mode && mode_.width != 0)
      if (const auto sent = video_.emit(mode_); !sent) log_warning(sent.error().message());
    if (refresh.what != wire::RefreshWhat::frame) return;
    whole_ = true;
    if (!newest_.frame) newest_ = std::exchange(shown_, {});
    if (newest_.frame) return show();
    if (thread_) ask_for_keyframe();
  }

  void ask_for_keyframe() {
    if (again_ != 0) context_->cancel_timer(again_);
    again_ = context_->after(kRefreshAgainAfter, [this] {
      again_ = 0;
      if (asked_ && keyframe_needed_ && !stream_refused_) ask_for_keyframe();
    });
    if (!gate_.pass(now_ns())) return;
    asked_ = true;
    Refresh refresh;
    refresh.what = wire::RefreshWhat::frame;
    if (const auto sent = packets_.send_upstream(refresh); !sent)
      log_warning("asking for a keyframe: " + sent.error().message());
  }

  Answer status() const {
    const auto item = [](const char* name, std::uint64_t value) {
      return '"' + std::string(name) + "\":" + std::to_string(value);
    };
    return '{' + item("packets", packets_taken_) + ',' + item("pictures", pictures_) + ',' +
           item("sent", sent_) + ',' + item("superseded", superseded_) + ',' +
           item("damaged", damaged_) + ',' + item("dropped", thread_ ? thread_->dropped() : 0) +
           ',' + item("width", mode_.width) + ',' + item("height", mode_.height) + '}';
  }

  InPort& packets_;
  OutPort& video_;
  Context* context_ = nullptr;
  static constexpr std::size_t kNothingRefused = ~std::size_t{0};

  media::GrowingPool pool_{video_};
  media::Complaints complaints_;
  Trouble trouble_;
  std::size_t refused_bytes_ = kNothingRefused;  // of a picture that there is no pool for
  std::uint64_t refused_until_ns_ = 0;           // it is not tried again before
  bool stream_refused_ = false;                  // these packets cannot be decoded here
  bool keyframe_needed_ = true;
  RefreshGate gate_;
  Context::Timer again_ = 0;
  bool asked_ = false;

  DisplayMode mode_;
  Shown newest_;  // not shown yet
  Shown shown_;   // was sent last
  Rect damage_{};
  bool whole_ = true;  // nobody behind has a picture that a part could be put on

  std::uint64_t packets_taken_ = 0;
  std::uint64_t pictures_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t superseded_ = 0;
  std::uint64_t damaged_ = 0;
  std::unique_ptr<DecodeThread> thread_;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<VideoDecoder>(argc, argv); }
