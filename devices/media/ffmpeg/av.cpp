#include "devices/media/ffmpeg/av.hpp"

#include <dkvm/log.hpp>

extern "C" {
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
}

#include <array>
#include <cerrno>
#include <cstdarg>
#include <string_view>

namespace dkvm::media {
namespace {

Errc code_of(int code) {
  switch (code) {
    case AVERROR(ENOENT):
    case AVERROR(EACCES):
    case AVERROR(EISDIR):
    case AVERROR(ENOTDIR): return Errc::not_found;
    case AVERROR(ENOSPC):
    case AVERROR(EDQUOT):
    case AVERROR(EFBIG):
    case AVERROR(ENOMEM): return Errc::exhausted;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_PATCHWELCOME: return Errc::unsupported;
    case AVERROR(EIO): return Errc::internal;
    default: return Errc::invalid;
  }
}

void log_line(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  std::array<char, 1024> line;
  int print_prefix = 1;
  av_log_format_line2(object, level, format, arguments, line.data(), line.size(), &print_prefix);
  std::string_view text = line.data();
  while (text.ends_with('\n')) text.remove_suffix(1);
  log_debug(text);
}

}  // namespace

tl::unexpected<Error> av_failed(int code, const std::string& doing, const std::string& path) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text;
  av_strerror(code, text.data(), text.size());
  return fail(code_of(code), doing + " '" + path + "': " + text.data());
}

tl::unexpected<Error> no_memory(const std::string& doing, const std::string& path) {
  return av_failed(AVERROR(ENOMEM), doing, path);
}

AVPixelFormat av_format_of(std::uint32_t fourcc) {
  switch (fourcc) {
    case kAR24: return AV_PIX_FMT_BGRA;
    case kXB24: return AV_PIX_FMT_RGB0;
    case kAB24: return AV_PIX_FMT_RGBA;
    case kRG24: return AV_PIX_FMT_BGR24;
    case kBG24: return AV_PIX_FMT_RGB24;
    case kRG16: return AV_PIX_FMT_RGB565LE;
    default: return AV_PIX_FMT_BGR0;  // XR24
  }
}

AVSampleFormat av_format_of(SampleFormat format) {
  switch (format) {
    case SampleFormat::s32: return AV_SAMPLE_FMT_S32;
    case SampleFormat::f32: return AV_SAMPLE_FMT_FLT;
    default: return AV_SAMPLE_FMT_S16;
  }
}

bool has_option(const AVCodecContext& context, const char* name) {
  return context.priv_data != nullptr && av_opt_find(context.priv_data, name, nullptr, 0, 0);
}

void log_as_device() { av_log_set_callback(log_line); }

void log_nothing() {
  av_log_set_callback([](void*, int, const char*, va_list) {});
}

}  // namespace dkvm::media
