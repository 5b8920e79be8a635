#pragma once

#include "devices/x11/display/placement.hpp"

#include <dkvm/config.hpp>
#include <dkvm/device.hpp>
#include <dkvm/result.hpp>

#include <cstdint>
#include <string>

namespace dkvm::x11 {

// What a display sink is told, beside its X server.
struct SinkSettings {
  enum class Pointer : std::uint8_t { remote, local, none };

  static void declare(Device& device);
  // Errors: Errc::invalid.
  static Result<SinkSettings> read(const ConfigReader& config);

  bool as_large_as_the_picture() const { return size == Size{} && !fullscreen; }
  // Of the window, before any picture has come.
  Size first_size() const { return size == Size{} ? Size{1280, 720} : size; }

  std::string monitor;  // empty: all of the desktop
  std::string title;    // empty: the device's name
  bool fullscreen = false;
  Size size;  // 0: as large as the picture
  Scale scale = Scale::fit;
  Pointer cursor = Pointer::remote;
};

}  // namespace dkvm::x11
