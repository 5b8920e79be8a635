#include "devices/dummy/display/settings.hpp"

#include "devices/dummy/config_checks.hpp"
#include "devices/dummy/display/file_painter.hpp"
#include "devices/dummy/display/noise.hpp"
#include "devices/dummy/display/pattern.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace dkvm::dummy {
namespace {

constexpr std::uint32_t kWidthDefault = 1280;
constexpr std::uint32_t kHeightDefault = 720;
constexpr double kFpsDefault = 60;
constexpr double kFpsMin = 0.001;
constexpr double kFpsMax = 1000;

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const std::uint32_t fourcc : kPixelFormats) names.push_back(fourcc_name(fourcc));
  return names;
}

// `1920x1080`, or `auto`, which leaves both 0.
Result<> read_size(const std::string& text, std::uint32_t& width, std::uint32_t& height) {
  if (text == "auto") return {};
  const auto number = [](std::string_view digits, std::uint32_t& value) {
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc{} && stopped == end && value >= 1 && value <= kPictureSideMax;
  };
  const std::string_view all = text;
  const auto middle = all.find('x');
  if (middle != all.npos && number(all.substr(0, middle), width) &&
      number(all.substr(middle + 1), height))
    return {};
  return fail(Errc::invalid, "config key 'size': '" + text +
                                 "' is not a size such as 1920x1080, sides from 1 to " +
                                 std::to_string(kPictureSideMax) + ", or auto");
}

}  // namespace

void DisplaySettings::declare(Device& device) {
  device.option({.name = "picture",
                 .fallback = "pattern",
                 .help = "pattern: moving tiles with number and time, which a sink can check; "
                         "random: noise; file: what `file` holds",
                 .choices = {"pattern", "random", "file"}});
  device.option({.name = "file",
                 .type = ValueType::path,
                 .help = "with picture: file; a video, an image, images by number "
                         "(frame-%06d.png), or .raw pixels"});
  device.option({.name = "mode",
                 .fallback = "loop",
                 .help = "show the file once and finish, or over and over",
                 .choices = {"once", "loop"}});
  device.option({.name = "size",
                 .fallback = "auto",
                 .help = "WIDTHxHEIGHT in pixels; auto: 1280x720, or as the file is"});
  device.option({.name = "format",
                 .fallback = "XR24",
                 .help = "of the pixels, as DRM calls it",
                 .choices = format_names()});
  device.option({.name = "fps",
                 .type = ValueType::number,
                 .fallback = "auto",
                 .help = "pictures/s; auto: 60, or as the file says; max: as fast as they are "
                         "taken",
                 .words = {"auto", "max"},
                 .min = kFpsMin,
                 .max = kFpsMax});
  device.option({.name = "frames",
                 .type = ValueType::integer,
                 .fallback = "0",
                 .help = "how many, then finish; 0: for ever",
                 .min = 0});
  device.option({.name = "seed",
                 .type = ValueType::integer,
                 .fallback = "1",
                 .help = "of everything that is by chance; stands in the pattern too",
                 .min = 0,
                 .max = 4'294'967'295});
  device.option({.name = "partial",
                 .type = ValueType::number,
                 .fallback = "0",
                 .help = "share of the pictures that are sent as their damage only",
                 .min = 0,
                 .max = 1});
  device.option({.name = "exhausted",
                 .fallback = "merge",
                 .help = "without a free slot a picture that is due is merged into the next one, "
                         "or waits; with fps: max it always waits",
                 .choices = {"merge", "wait"}});
  device.option({.name = "slots",
                 .type = ValueType::integer,
                 .fallback = "3",
                 .help = "of shared memory that the source itself may fill ahead",
                 .min = 1,
                 .max = 16});
  device.option({.name = "report",
                 .type = ValueType::path,
                 .help = "what was sent, as JSON, written at the end"});
}

Result<DisplaySettings> DisplaySettings::read(const ConfigReader& config) {
  DisplaySettings settings;
  DKVM_TRY(settings.picture, config.text("picture"));
  settings.file = config.find("file").value_or("");
  DKVM_TRY(settings.loop, is(config, "mode", "loop"));
  DKVM_TRY(const std::string size, config.text("size"));
  DKVM_CHECK(read_size(size, settings.width, settings.height));
  DKVM_TRY(const std::string format, config.text("format"));
  settings.fourcc = fourcc_from_name(format).value_or(kXR24);
  DKVM_TRY(const bool unpaced, is(config, "fps", "max"));
  DKVM_TRY(settings.fps_of_file, is(config, "fps", "auto"));
  settings.fps = unpaced ? 0 : kFpsDefault;
  if (!unpaced && !settings.fps_of_file) {
    DKVM_TRY(settings.fps, config.number("fps"));
  }
  DKVM_TRY(const std::int64_t pictures, config.integer("frames"));
  settings.pictures = static_cast<std::uint64_t>(pictures);
  DKVM_TRY(const std::int64_t seed, config.integer("seed"));
  settings.seed = static_cast<std::uint32_t>(seed);
  DKVM_TRY(settings.partial, config.number("partial"));
  DKVM_TRY(const bool waits, is(config, "exhausted", "wait"));
  settings.waits = waits || unpaced;
  DKVM_TRY(const std::int64_t slots, config.integer("slots"));
  settings.slots = static_cast<unsigned>(slots);
  DKVM_TRY(settings.report, path_to_write(config, "report"));
  if (settings.picture != "file")
    DKVM_CHECK(refuse_without_effect(config, "file", "picture: file"));
  if (settings.picture == "file" && settings.file.empty())
    return fail(Errc::invalid, "config key 'file' is required with picture: file");
  return settings;
}

Result<> DisplaySettings::settle() {
  if (picture == "file") {
    DKVM_TRY(reader,
             media::read_pictures(file, {.fourcc = fourcc, .width = width, .height = height}));
    width = reader->width();
    height = reader->height();
    if (fps_of_file && reader->rate() > 0) fps = std::clamp(reader->rate(), kFpsMin, kFpsMax);
    return {};
  }
  if (width == 0) width = kWidthDefault;
  if (height == 0) height = kHeightDefault;
  if (picture == "random" || (width >= kStampWidth && height >= kStampHeight)) return {};
  return fail(Errc::invalid, "config key 'size': " + std::to_string(width) + "x" +
                                 std::to_string(height) +
                                 " is too small for the pattern, expected at least " +
                                 std::to_string(kStampWidth) + "x" + std::to_string(kStampHeight));
}

std::unique_ptr<Painter> DisplaySettings::make_painter(media::Canvas& canvas) {
  if (reader) return std::make_unique<FilePainter>(canvas, std::move(reader), loop);
  if (picture == "random") return std::make_unique<NoisePainter>(canvas, seed);
  return std::make_unique<PatternPainter>(canvas, seed);
}

}  // namespace dkvm::dummy
