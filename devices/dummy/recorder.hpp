#pragma once

#include "devices/dummy/family.hpp"
#include "devices/dummy/jsonl_file.hpp"

#include <dkvm/device.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace dkvm::dummy {

// Writes events into a file: what the dummy sinks do. Times are counted from
// the first event of the file; a file that is continued goes on at the time
// that has passed since it was last written.
class Recorder {
 public:
  explicit Recorder(Family family) : family_(family) {}

  // The configuration keys that start() reads, and the device's --cleanup: it
  // appends the releases of what a dead instance left down.
  void declare(Device& device);

  // Errors: Errc::invalid for a configuration or a file that is refused.
  Result<> start(Context& context);

  // Buffers one event. An event that the format cannot hold is logged and left
  // out; a file that takes no more ends the device.
  template <class Event>
  void record(Event event, std::uint64_t capture_ns) {
    append({time_of(capture_ns), std::move(event)});
  }

  // Whatever was recorded is in the file when this returns.
  Result<> flush();

  // Records the release of everything that is down, and flushes.
  void let_go();

 private:
  Result<> open(const ConfigReader& config, JsonlFile::Begin begin);
  Result<> release(std::span<const std::uint16_t> codes);
  void append(const Record& record);
  std::uint64_t time_of(std::uint64_t capture_ns);

  Family family_;
  Context* context_ = nullptr;
  std::optional<JsonlFile> file_;
  std::optional<std::uint64_t> begin_ns_;  // the file's time 0
  HeldCodes held_;
  bool sync_ = false;
};

}  // namespace dkvm::dummy
