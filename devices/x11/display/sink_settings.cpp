#include "devices/x11/display/sink_settings.hpp"

#include <dkvm/picture.hpp>

#include <charconv>
#include <string_view>

namespace dkvm::x11 {
namespace {

// `1920x1080`, or `auto`, which leaves both 0.
Result<Size> read_size(const std::string& text) {
  if (text == "auto") return Size{};
  const auto number = [](std::string_view digits, std::uint32_t& value) {
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc{} && stopped == end && value >= 1 && value <= kPictureSideMax;
  };
  Size size;
  const std::string_view all = text;
  const auto middle = all.find('x');
  if (middle != all.npos && number(all.substr(0, middle), size.width) &&
      number(all.substr(middle + 1), size.height))
    return size;
  return fail(Errc::invalid, "config key 'size': '" + text +
                                 "' is not a size such as 1920x1080, sides from 1 to " +
                                 std::to_string(kPictureSideMax) + ", or auto");
}

}  // namespace

void SinkSettings::declare(Device& device) {
  device.option({.name = "monitor",
                 .help = "where the window belongs, by its name in xrandr --listmonitors; "
                         "without it all of the desktop"});
  device.option({.name = "fullscreen",
                 .type = ValueType::boolean,
                 .fallback = "false",
                 .help = "all of the monitor, without a frame"});
  device.option({.name = "size",
                 .fallback = "auto",
                 .help = "WIDTHxHEIGHT of the window; auto: as large as the picture, and as the "
                         "monitor at most"});
  device.option({.name = "title", .help = "of the window; without it the device's name"});
  device.option({.name = "scale",
                 .fallback = "fit",
                 .help = "fit: as large as the window lets it be, in its proportions; none: pixel "
                         "for pixel; stretch: all of the window",
                 .choices = {"fit", "none", "stretch"}});
  device.option({.name = "cursor",
                 .fallback = "remote",
                 .help = "remote: the far pointer is painted where it is; local: the pointer over "
                         "the window gets its shape; none",
                 .choices = {"remote", "local", "none"}});
}

Result<SinkSettings> SinkSettings::read(const ConfigReader& config) {
  SinkSettings settings;
  settings.monitor = config.find("monitor").value_or("");
  settings.title = config.find("title").value_or("");
  DKVM_TRY(settings.fullscreen, config.flag("fullscreen"));
  DKVM_TRY(const std::string size, config.text("size"));
  DKVM_TRY(settings.size, read_size(size));
  DKVM_TRY(const std::string scale, config.text("scale"));
  settings.scale = scale_from(scale);
  DKVM_TRY(const std::string cursor, config.text("cursor"));
  if (cursor == "local") settings.cursor = Pointer::local;
  if (cursor == "none") settings.cursor = Pointer::none;
  if (settings.fullscreen && settings.size != Size{})
    return fail(Errc::invalid,
                "config key 'size' has no effect with fullscreen: true, expected one of them");
  return settings;
}

}  // namespace dkvm::x11
