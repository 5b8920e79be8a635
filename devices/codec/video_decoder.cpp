#include "devices/codec/bgrx.hpp"
#include "devices/codec/picture_decoder.hpp"
#include "devices/codec/refresh_gate.hpp"
#include "devices/dummy/complaints.hpp"

#include <dkvm/device_main.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace {

using namespace dkvm;
using namespace dkvm::codec;

// Makes pictures of packets. Packets are decoded one after the other on the device's
// thread (each needs the one before it, and the kernel's queue is the only one); of the
// pictures the newest is shown, in a slot, and of it what has changed.
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
    packets_.on<MediaPacket>([this](const auto& packet, const auto& info) { take(packet, info); });
    video_.on_upstream<Refresh>([this](const Refresh& refresh) { on_refresh(refresh); });
    video_.on_slots([this] { show(); });
    video_.on_pool_refused([this](const Error& why) { on_refused(why); });
    video_.on_resume([this] { show(); });
  }

  Result<> start(Context& context) override {
    context_ = &context;
    media::log_nothing();
    std::vector<std::string> codecs = context.config().list("codecs");
    if (codecs.empty()) codecs = {"h264", "hevc", "vp8", "vp9", "av1", "mjpeg"};
    DKVM_TRY(const std::int64_t threads, context.config().integer("threads"));
    auto decoder = PictureDecoder::make(std::move(codecs), static_cast<int>(threads));
    if (!decoder) return fail(std::move(decoder).error().within("config key 'codecs'"));
    decoder_ = std::move(*decoder);
    context.serve("video.status", [this](const Call&, Reply reply) { reply(status()); });
    return {};
  }

 private:
  // A picture and what is needed to show it.
  using Shown = PictureDecoder::Decoded;

  void take(const MediaPacket& packet, const EventInfo& info) {
    if (!decoder_) return;
    ++packets_taken_;
    auto decoded = decoder_->decode(packet, info.bytes(), info.capture_ns());
    if (!decoded) {
      ++damaged_;
      complaints_.say(decoded.error().message());
    }
    if (decoder_->needs_keyframe()) return ask_for_keyframe();
    if (!decoded || !decoded->frame) return;
    ++pictures_;
    if (newest_.frame) ++superseded_;
    newest_ = std::move(*decoded);
    show();
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
    auto slot = video_.borrow();
    if (slot) send(std::move(*slot));  // else on_slots() comes back to it
  }

  static bool same_shape(const Shown& a, const Shown& b) {
    return a.width == b.width && a.height == b.height && a.frame->format == b.frame->format &&
           a.frame->colorspace == b.frame->colorspace &&
           a.frame->color_range == b.frame->color_range;
  }

  // Slots and a mode for pictures of this size. False when that failed.
  bool begin_size(const Shown& picture) {
    if (mode_.width == picture.width && mode_.height == picture.height) return true;
    if (now_ns() < refused_until_ns_) return false;
    ++mode_.epoch;
    mode_.width = picture.width;
    mode_.height = picture.height;
    mode_.fourcc = kXR24;
    whole_ = true;
    const std::size_t bytes = std::size_t{4} * picture.width * picture.height;
    auto begun = video_.open_pool({.slot_bytes = bytes, .slots = kPictureSlots});
    if (begun) begun = video_.emit(mode_);
    if (!begun) context_->finish(begun.error());
    return begun.has_value();
  }

  // Who sends larger pictures than this kernel has memory for costs pictures alone.
  void on_refused(const Error& why) {
    complaints_.say("no memory for pictures of " + std::to_string(mode_.width) + "x" +
                    std::to_string(mode_.height) + ": " + why.message());
    refused_until_ns_ = now_ns() + kRefusedNs;
    mode_.width = mode_.height = 0;
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
    if (decoder_) ask_for_keyframe();
  }

  void ask_for_keyframe() {
    if (again_ != 0) context_->cancel_timer(again_);
    again_ = context_->after(kRefreshAgainAfter, [this] {
      again_ = 0;
      if (asked_ && decoder_->needs_keyframe()) ask_for_keyframe();
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
           item("damaged", damaged_) + ',' + item("width", mode_.width) + ',' +
           item("height", mode_.height) + '}';
  }

  InPort& packets_;
  OutPort& video_;
  Context* context_ = nullptr;
  std::optional<PictureDecoder> decoder_;
  static constexpr std::uint64_t kRefusedNs = 1'000'000'000;  // until it is tried again

  dummy::Complaints complaints_;
  std::uint64_t refused_until_ns_ = 0;
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
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<VideoDecoder>(argc, argv); }
