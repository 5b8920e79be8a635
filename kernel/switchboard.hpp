#pragma once

#include "kernel/admissions.hpp"
#include "kernel/device_manager/device_manager.hpp"
#include "kernel/device_names.hpp"
#include "kernel/gap_log.hpp"
#include "kernel/held_notes.hpp"
#include "kernel/log/log.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/loop/worker.hpp"
#include "kernel/memory_frames.hpp"
#include "kernel/memory_manager/memory_manager.hpp"
#include "kernel/rpc/call_frames.hpp"
#include "kernel/session/sessions.hpp"
#include "kernel/session/topic_table.hpp"
#include "pipelines/router.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace dkvm {

// Joins the modules: the sessions of the devices that run, the router between
// them, the device manager that starts and ends them, the calls they make.
// What one module says while another is at work is noted and acted upon in
// settle(), at the end of every turn.
// Life: loop thread only.
class Switchboard final : public RouterHost, public DeviceHost, public SessionHost {
 public:
  using OnState = std::function<void(DeviceId, const StateChange&)>;

  Switchboard(Loop& loop, Log& log, std::string kernel_name, std::uint64_t kernel_id,
              const Grants& grants);
  ~Switchboard() override;

  // The device manager is made with this as its host; then it is told here.
  void attach(DeviceManager& devices) {
    devices_ = &devices;
    call_frames_.attach(devices);
  }
  // Asked before a device's program is started (DeviceHost::may_start).
  void on_start(std::function<bool(DeviceId)> may_start) { may_start_ = std::move(may_start); }
  void on_state(OnState on_state) { on_state_ = std::move(on_state); }
  // Called when ports of a device have come or gone while it ran, or with it.
  void on_ports_changed(std::function<void(DeviceId)> callback) { on_ports_ = std::move(callback); }
  // Called at the end of turns in which something may have changed.
  void on_settled(std::function<void()> callback) { on_settled_ = std::move(callback); }

  DeviceNames& names() { return names_; }
  Admissions& admissions() { return admissions_; }

  // The manifest that its next hello is held to.
  void set_manifest(DeviceId device, std::optional<Manifest> manifest);

  Router& router() { return router_; }
  CallRouter& calls() { return calls_; }
  CallFrames& call_frames() { return call_frames_; }
  MemoryManager& memory() { return memory_; }
  MemoryFrames& memory_frames() { return memory_frames_; }
  TopicTable& topics() { return topics_; }
  const PortTable* ports(DeviceId device) const;
  // As last told by the device manager.
  RunState state(DeviceId device) const {
    return device < lives_.size() ? lives_[device].state : RunState::stopped;
  }

  void subscribe(DeviceId device) { subscribers_.insert(device); }
  void unsubscribe(DeviceId device) { subscribers_.erase(device); }

  // Acts on everything noted, sends what waits, arms the timer. Whoever calls
  // the router or the device manager from outside a turn asks for it.
  void settle();
  void settle_soon() { after_poll_.request(); }
  // One more deadline that settle() must not sleep through.
  void wake_at(std::uint64_t time_ns);

  std::string name_of(DeviceId device) const { return names_.name_of(device); }
  std::uint64_t gaps() const { return gaps_; }

 private:
  // RouterHost
  void wake(DeviceId sink) override;
  void pause(PortRef source) override { signal_port(source, wire::FrameKind::pause); }
  void resume(PortRef source) override { signal_port(source, wire::FrameKind::resume); }
  void send_upstream(const Upstream& message) override;
  void held_changed(DeviceId device, bool held) override;
  void report(const Gap& gap) override;
  void offend(DeviceId device, std::string why) override;
  TopicId topic_id(std::string_view name) override { return topics_.id(name); }
  void feeds_changed(PortRef source) override { refed_.insert(source); }
  void switch_changed(const SwitchState& state) override;
  void switch_doubt(const std::string& name, const std::string& why) override;

  // DeviceHost
  bool may_start(DeviceId id) override { return !may_start_ || may_start_(id); }
  void connect(DeviceId id, UniqueFd stream, std::uint32_t incarnation) override;
  void drain(DeviceId id) override;
  std::vector<std::uint16_t> codes_to_release(DeviceId id) override;
  void disconnect(DeviceId id) override;
  void gap(DeviceId id, std::uint32_t incarnation) override;
  void send_ping(DeviceId id) override;
  void send_stop(DeviceId id, Duration deadline, std::string_view reason) override;
  void state_changed(DeviceId id, const StateChange& change) override;
  void removed(DeviceId id) override;
  void log_line(DeviceId id, RecordLevel level, std::string_view text) override;
  std::vector<std::string> log_tail(DeviceId id) override;
  void resumed(Duration suspended) override;

  // SessionHost
  void on_alive(DeviceId device) override { devices_->alive(device); }
  void on_hello(DeviceId device, bool cleanup) override;
  void on_refused(DeviceId device, const Error& error, bool permanent) override;
  void on_violation(DeviceId device, const Error& error) override;
  void on_stream_closed(DeviceId device, const Error& error, bool torn) override;
  void on_started(DeviceId device) override { devices_->started(device); }
  void on_stopped_frame(DeviceId device) override;
  void on_ports(DeviceId device) override {
    if (on_ports_) on_ports_(device);
  }
  void on_call(DeviceId device, const Frame& frame) override;
  void on_turn_end() override { settle(); }

  struct Offence {
    DeviceId device = 0;
    std::string why;
  };

  // What is told of a device's life.
  struct Life {
    RunState state = RunState::stopped;
    bool at_work = false;
    std::uint64_t begins = 0;  // the log's last record before it
  };

  Life& life(DeviceId device);
  void signal_port(PortRef port, wire::FrameKind kind);
  void act_on_notes(std::uint64_t now);
  void tell_topics();
  void let_in_who_may(std::uint64_t now);
  void arm(std::uint64_t now);
  void warn_short(PortRef source, std::string_view why);
  void write_gap(const Gap& sum, std::uint64_t gaps);
  void publish_state(DeviceId id, const StateChange& change);
  void tell_switches(std::uint64_t now);

  Loop& loop_;
  Log& log_;
  std::string kernel_name_;
  std::uint64_t kernel_id_;
  DeviceManager* devices_ = nullptr;
  DeviceNames names_;
  TopicTable topics_;
  Worker worker_;
  MemoryFrames memory_frames_;
  MemoryManager memory_;
  Router router_;
  Sessions sessions_;
  CallFrames call_frames_;
  CallRouter calls_;
  OnState on_state_;
  std::function<bool(DeviceId)> may_start_;
  std::function<void()> on_settled_;
  std::function<void(DeviceId)> on_ports_;

  std::unordered_map<DeviceId, std::optional<Manifest>> manifests_;
  std::vector<Life> lives_;  // by id
  std::unordered_set<DeviceId> subscribers_;
  Admissions admissions_;

  std::vector<Offence> offences_;
  std::set<PortRef> refed_;  // sources whose consumers are others now
  HeldNotes held_;
  std::size_t topics_told_ = 0;
  std::uint64_t gaps_ = 0;
  GapLog gap_log_;
  std::uint64_t state_sequence_ = 0;
  std::vector<SwitchState> switch_states_;  // not told yet
  std::map<std::string, SwitchState> switches_told_;
  std::uint64_t wake_at_ns_ = Router::kNever;
  std::uint64_t armed_ns_ = Router::kNever;
  bool settling_ = false;
  bool judge_due_ = false;  // deadlines, after the next poll pass
  Timer timer_;
  AfterPoll after_poll_;
};

}  // namespace dkvm
