#pragma once

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/log/ring.hpp"

namespace dkvm::test {

using namespace std::chrono_literals;

inline constexpr Duration kPatience = 20s;  // before a condition is given up on

struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "dkvm-devices-XXXXXX";
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

inline std::string contents(const std::filesystem::path& path) {
  std::string text;
  std::getline(std::ifstream(path), text, '\0');
  return text;
}

// True while the process exists, a zombie included.
inline bool exists(ProcessId pid) { return ::kill(pid, 0) == 0; }

inline std::string launcher_path() { return std::string(DKVM_BIN_DIR) + "/dkvm-launcher"; }

inline Program puppet(std::vector<std::string> args) {
  return {DKVM_TEST_PUPPET, std::move(args), {"PATH=/usr/bin:/bin"}, {}};
}

inline DeviceSpec spec_of(DeviceId id, std::vector<std::string> args) {
  DeviceSpec spec;
  spec.id = id;
  spec.name = "device" + std::to_string(id);
  spec.program = puppet(std::move(args));
  return spec;
}

// A device manager with a loop of its own, and a host that speaks the puppet's
// letters.
class Rig final : public DeviceHost {
 public:
  Rig()
      : spawner_(make_spawner(launcher_path())),
        reaper_(make_reaper(loop_)),
        manager_(
            std::make_unique<DeviceManager>(loop_, *this, *spawner_, *reaper_, [] { return 0.5; })),
        ticker_(loop_, [this] { ticker_.arm_in(5ms); }) {
    ticker_.arm_in(5ms);
  }

  DeviceManager& manager() { return *manager_; }
  Loop& loop() { return loop_; }

  // Adds and starts one.
  void run(DeviceSpec spec) {
    const DeviceId id = spec.id;
    REQUIRE(manager_->add(std::move(spec)));
    REQUIRE(manager_->start(id));
  }

  // Turns the loop until the condition holds.
  void until(const std::function<bool()>& condition) {
    const TimePoint give_up = Clock::now() + kPatience;
    while (!condition()) {
      if (Clock::now() >= give_up) FAIL("the condition did not come true; " << story());
      loop_.run_once();
    }
  }

  void until_state(DeviceId id, RunState state) {
    until([&] { return shot(id).state == state; });
  }

  DeviceSnapshot shot(DeviceId id) const { return manager_->snapshot(id).value(); }

  std::vector<std::string> log_of(DeviceId id) const {
    return ring_.tail("device" + std::to_string(id), 1000, 1 << 20);
  }

  // States of one device, in order, each once.
  std::vector<std::string> states_of(DeviceId id) const {
    std::vector<std::string> states;
    for (const auto& [device, change] : changes)
      if (device == id && (states.empty() || states.back() != name(change.to)))
        states.emplace_back(name(change.to));
    return states;
  }

  std::string story() const {
    std::string text;
    for (const auto& [id, change] : changes) {
      text += std::to_string(id);
      text += ' ';
      text += name(change.to);
      text += ": ";
      text += change.reason;
      text += "; ";
    }
    return text;
  }

  std::vector<std::pair<DeviceId, StateChange>> changes;
  std::vector<std::pair<DeviceId, char>> letters;  // both ways, in order
  std::vector<std::pair<DeviceId, std::uint32_t>> gaps;
  std::vector<DeviceId> removed_ids;
  std::vector<std::uint16_t> codes;  // what codes_to_release answers
  bool accept_hello = true;
  bool hold_starts = false;
  std::vector<DeviceId> asked_to_start;
  int connects = 0;
  int disconnects = 0;

  int stream_fd(DeviceId id) const { return streams_.at(id).fd.get(); }

 private:
  struct Stream {
    UniqueFd fd;
    std::optional<Poll> poll{};  // goes before the fd
  };

  bool may_start(DeviceId id) override {
    asked_to_start.push_back(id);
    return !hold_starts;
  }

  void connect(DeviceId id, UniqueFd stream, std::uint32_t) override {
    ++connects;
    Stream& made = streams_[id];
    made.fd = std::move(stream);
    made.poll.emplace(loop_, made.fd.get(), [this, id](PollEvents) { read(id); });
    made.poll->watch(true, false);
  }

  // To the end: a stream with an error is not watched any more.
  void read(DeviceId id) {
    while (streams_.contains(id) && read_some(id)) {
    }
  }

  bool read_some(DeviceId id) {
    char letters_read[64];
    const ssize_t count = ::read(streams_.at(id).fd.get(), letters_read, sizeof letters_read);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
      streams_.at(id).poll->watch(false, false);
      manager_->stream_closed(id);
      return false;
    }
    manager_->alive(id);
    for (ssize_t i = 0; i < count; ++i) on_letter(id, letters_read[i]);
    return true;
  }

  void on_letter(DeviceId id, char letter) {
    letters.emplace_back(id, letter);
    if (letter == 'h' && accept_hello) {
      manager_->hello_accepted(id);
      say(id, 'p');
    }
    if (letter == 'a') manager_->started(id);
    if (letter == 'b') manager_->stopped_frame(id);
  }

  void say(DeviceId id, char letter) {
    ::send(streams_.at(id).fd.get(), &letter, 1, MSG_NOSIGNAL);  // it may be gone
  }

  void drain(DeviceId id) override { read(id); }
  std::vector<std::uint16_t> codes_to_release(DeviceId) override { return codes; }
  void disconnect(DeviceId id) override {
    ++disconnects;
    REQUIRE(streams_.erase(id) == 1);
  }
  void gap(DeviceId id, std::uint32_t incarnation) override { gaps.emplace_back(id, incarnation); }
  void send_ping(DeviceId id) override { say(id, 'p'); }
  void send_stop(DeviceId id, Duration, std::string_view) override {
    letters.emplace_back(id, 's');
    say(id, 's');
  }
  void state_changed(DeviceId id, const StateChange& change) override {
    changes.emplace_back(id, change);
  }
  void removed(DeviceId id) override { removed_ids.push_back(id); }
  void log_line(DeviceId id, RecordLevel level, std::string_view text) override {
    ring_.append({0, 0, level, "device" + std::to_string(id), std::string(text)});
  }
  std::vector<std::string> log_tail(DeviceId id) override {
    return ring_.tail("device" + std::to_string(id), kDeathLogLinesMax, kDeathLogBytesMax);
  }
  void resumed(Duration) override {}

  Loop loop_;
  LogRing ring_;
  std::map<DeviceId, Stream> streams_;
  std::unique_ptr<Spawner> spawner_;
  std::unique_ptr<Reaper> reaper_;
  std::unique_ptr<DeviceManager> manager_;
  Timer ticker_;  // so that conditions are looked at
};

}  // namespace dkvm::test
