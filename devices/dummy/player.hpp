#pragma once

#include "devices/dummy/jsonl_reader.hpp"
#include "devices/dummy/schedule.hpp"

#include <dkvm/device.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dkvm::dummy {

// Plays a file of events into a port: what the dummy sources do.
class Player {
 public:
  // Life: the port outlives the player, the player the context.
  Player(OutPort& port, Family family) : port_(port), family_(family) {}

  // The configuration keys that start() reads.
  static void declare(Device& device);

  // Errors: Errc::invalid for a configuration or a file that is refused.
  Result<> start(Context& context);

 private:
  void run();
  void wait_until(std::uint64_t time_ns);
  std::optional<std::uint64_t> play();

  Result<const Record*> peek();
  Result<std::optional<Record>> read();
  Result<> begin_pass();
  void report_held();

  OutPort& port_;
  Family family_;
  Context* context_ = nullptr;
  std::optional<JsonlReader> reader_;
  std::optional<Schedule> schedule_;
  std::uint64_t start_ns_ = 0;
  bool loop_ = true;
  bool waits_for_resume_ = false;

  std::optional<Record> next_;
  HeldCodes held_;
  bool reports_held_ = false;

  // A small file is read once and then replayed from here.
  std::vector<Record> replay_;
  std::size_t replayed_ = 0;
  bool replayable_ = false;
  bool replay_complete_ = false;
};

}  // namespace dkvm::dummy
