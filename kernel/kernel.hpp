#pragma once

#include "kernel/absences.hpp"
#include "kernel/device_manager/device_manager.hpp"
#include "kernel/log/log.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/loop/loop_stalls.hpp"
#include "kernel/pipeline_set.hpp"
#include "kernel/rpc/grants.hpp"
#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/rpc/services/watch.hpp"
#include "kernel/setup/link_owners.hpp"
#include "kernel/setup/link_streams.hpp"
#include "kernel/setup/plan.hpp"
#include "kernel/setup/plan_changes.hpp"
#include "kernel/switchboard.hpp"

#include <dkvm/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dkvm {

struct KernelOptions {
  std::string config_path;
  std::optional<RecordLevel> log_level;  // whatever the file says
};

// What happens to the kernel as a whole, for whoever runs it.
struct KernelNews {
  enum class What : std::uint8_t { devices, reloading, reloaded, stopping };
  What what = What::devices;  // devices: one of them is in another state
  std::string refusal{};      // reloaded: why nothing has changed; empty when it was carried out
};

// A kernel at work: carries out a plan, and the next one when it is reloaded.
// Life: loop thread only; everything it is given outlives it.
class Kernel {
 public:
  using Reloaded = std::function<void(Result<PlanChanges>)>;

  Kernel(Loop& loop, Log& log, Spawner& spawner, Reaper& reaper, Catalog& catalog,
         KernelOptions options);
  ~Kernel();

  // Starts what the plan wants. Errors: Errc::internal when the plan, which was
  // checked, cannot be carried out.
  Result<> start(Plan plan);

  // Reads the file anew and acts on the differences; a bad file changes nothing.
  // The loop goes on while the file is being written by somebody (2 s at most), and
  // while programs are asked what they are (2 s at most); a
  // reload that is asked for meanwhile comes after it and reads the file again,
  // once for all who asked. `done` is called once: before a device that has to
  // end is told, as it may be the one that waits for the answer.
  // Errors: invalid (what is wrong with the file) · denied (the kernel stops).
  void reload(Reloaded done);

  // Called in the middle of a turn, and to call nothing but devices().
  void on_news(std::function<void(const KernelNews&)> on_news) { on_news_ = std::move(on_news); }
  std::vector<DeviceSnapshot> devices() const { return devices_->snapshots(); }

  // Ends everything within 3 s, then the loop.
  void stop(const std::string& reason);

  // 0: stopped in good order; 1: something would not die, or, where the kernel
  // ends with its sources, a device failed or not all was delivered.
  int exit_status() const { return exit_status_; }

 private:
  // A file that is read and carried out, and who waits for that.
  struct Reload {
    Config config;
    std::vector<std::string> kept;  // settings that hold until the kernel is started anew
    std::vector<Reloaded> callers;
    TimePoint read_until;  // it is waited for, while somebody writes it
  };
  // Devices that a reload ends, after it has been answered.
  struct Ends {
    std::vector<DeviceId> removed, stopped, restarted;
  };

  void add_services();
  nlohmann::json info() const;
  Result<PipelineSpec> parse_pipeline(const std::string& text) const;

  Result<> number_devices(Plan& plan);
  Result<> add_device(const DevicePlan& device);
  void tell_rights(const DevicePlan& device);
  void say_doubt(const DevicePlan& device);
  bool may_start(DeviceId id);
  void renew(DeviceId id);
  void tell_feeds();
  void tell_links();
  void hear_ports(DeviceId id);
  LinkOwners::Open open_streams() const;
  PeerTopics peer_topics() const;
  AwayDevices away_devices() const;
  void tell_far_rights();
  bool makes_links(DeviceId id) const;

  // Reloading (kernel_reload.cpp).
  void begin_reload();
  void read_anew();
  void act_on_reload();
  void end_reload(const Result<PlanChanges>& answer) { end_reload(answer, {}); }
  void end_reload(const Result<PlanChanges>& answer, const Ends& ends);
  tl::unexpected<Error> refused(const ConfigErrors& errors);
  tl::unexpected<Error> refused(const Error& error);
  void tell(KernelNews news) const {
    if (on_news_) on_news_(news);
  }
  Result<> carry_out(Plan next, Ends& ends);
  Result<> change_device(const DevicePlan& old, DevicePlan& device, Ends& ends);
  Result<> change_log_file(const LogConfig& before, const LogConfig& after);
  void change_log_level(const LogConfig& before, const LogConfig& after);
  void end_devices(const Ends& ends);

  std::vector<DeviceId> sources() const;
  void note(DeviceId id, const StateChange& change);
  void end_with_sources();
  bool waits_for_failed(DeviceId source) const;
  bool all_delivered();
  DeviceManager::Ranks ranks() const;
  void on_settled();

  Loop& loop_;
  LoopStalls stalls_;
  Log& log_;
  Catalog& catalog_;
  KernelOptions options_;
  std::uint64_t kernel_id_;
  std::uint64_t started_ns_;
  Grants grants_;
  Plan plan_;
  std::unique_ptr<Switchboard> switchboard_;
  std::unique_ptr<DeviceManager> devices_;
  std::unique_ptr<PipelineSet> pipelines_;
  LongPolls polls_;
  LinkStreams link_streams_;
  LinkOwners link_owners_;
  SaidPorts said_ports_;
  std::unique_ptr<ServiceTable> services_;
  std::unique_ptr<WatchService> watch_;
  Spawner& spawner_;
  Reaper& reaper_;
  std::optional<Reload> reload_;  // under way
  Timer read_again_;
  std::vector<Reloaded> reload_again_;  // came meanwhile: at most the calls that may wait
  std::vector<DeviceId> awaited_;       // sources that the kernel ends with, while they run
  Absences absences_;
  std::function<void(const KernelNews&)> on_news_;
  bool stopping_ = false;
  int exit_status_ = 0;
};

}  // namespace dkvm
