#include "devices/dummy/display/viewer.hpp"

#include "devices/dummy/counted.hpp"

#include <dkvm/log.hpp>

#include <utility>

namespace dkvm::dummy {

Result<bool> Viewer::take(const DisplayFrame& frame, Bytes buffer, std::uint64_t capture_ns,
                          std::uint64_t now_ns) {
  if (!compose(frame, buffer)) return false;
  if (options_.check) look(area_, now_ns);
  if (!options_.file.empty()) DKVM_CHECK(write(capture_ns));
  return true;
}

bool Viewer::compose(const DisplayFrame& frame, Bytes buffer) {
  const auto picture = Picture::of(frame, buffer);
  if (!picture) {
    ++counts_.broken;
    complaints_.say("a frame that is no picture: " + picture.error().message());
    return false;
  }
  if (!canvas_.fits(*picture)) {
    if (picture->partial()) {
      ++counts_.orphans;
      return false;
    }
    canvas_ = media::Canvas(picture->width(), picture->height(), picture->fourcc());
    pattern_ = {};
  }
  canvas_.apply(*picture);
  area_ = picture->area();
  ++counts_.pictures;
  ++(picture->partial() ? counts_.partial : counts_.whole);
  return true;
}

void Viewer::look(const Rect& area, std::uint64_t now_ns) {
  const auto stamp = pattern_.check(canvas_, area);
  if (!stamp) {
    ++counts_.torn;
    complaints_.say("picture " + std::to_string(counts_.pictures) + " is torn, after number " +
                    std::to_string(sequence_.last()));
    return;
  }
  const std::uint64_t lost = sequence_.note(stamp->number, stamp->capture_ns, now_ns);
  if (lost != 0) tell_lost(lost, stamp->number);
}

void Viewer::tell_lost(std::uint64_t lost, std::uint64_t number) {
  if (!options_.loses)
    return complaints_.say(counted(lost, "picture") + " lost before number " +
                           std::to_string(number));
  if (!std::exchange(told_lost_, true))
    log_info("pictures are lost while it takes its delay; their sum is told at the end");
}

Result<> Viewer::write(std::uint64_t capture_ns) {
  if (!writer_) {
    DKVM_TRY(writer_, media::write_pictures(options_.file, rate_, options_.begin));
  }
  if (!first_ns_) first_ns_ = capture_ns;
  return writer_->write(canvas_, capture_ns > *first_ns_ ? capture_ns - *first_ns_ : 0);
}

Result<> Viewer::finish(const std::string& final_path) {
  if (writer_) DKVM_CHECK(writer_->finish());
  if (final_path.empty() || canvas_.empty()) return {};
  DKVM_TRY(const auto writer, media::write_pictures(final_path, rate_));
  DKVM_CHECK(writer->write(canvas_, 0));
  return writer->finish();
}

}  // namespace dkvm::dummy
