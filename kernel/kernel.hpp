#pragma once

#include "kernel/device_manager/device_manager.hpp"
#include "kernel/log/log.hpp"
#include "kernel/loop/loop.hpp"
#include "kernel/pipeline_set.hpp"
#include "kernel/rpc/grants.hpp"
#include "kernel/rpc/long_polls.hpp"
#include "kernel/rpc/service_table.hpp"
#include "kernel/rpc/services/watch.hpp"
#include "kernel/setup/plan.hpp"
#include "kernel/switchboard.hpp"

#include <dkvm/result.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dkvm {

// A kernel at work: carries out a plan, and the next one when it is reloaded.
// Life: loop thread only; everything it is given outlives it.
class Kernel {
 public:
  Kernel(Loop& loop, Log& log, Spawner& spawner, Reaper& reaper, Catalog& catalog,
         std::string config_path);
  ~Kernel();

  // Starts what the plan wants. Errors: Errc::internal when the plan, which was
  // checked, cannot be carried out.
  Result<> start(Plan plan);

  // Reads the file anew and acts on the differences; a bad file changes nothing.
  Result<nlohmann::json> reload();

  // Ends everything within 3 s, then the loop.
  void stop(const std::string& reason);

  // 0: stopped in good order; 1: something would not die, or, where the kernel
  // ends with its sources, one of them failed.
  int exit_status() const { return exit_status_; }

 private:
  void add_services();
  nlohmann::json info() const;
  Result<PipelineSpec> parse_pipeline(const std::string& text) const;

  Result<> add_device(DevicePlan& device);
  Result<> change_devices(Plan& next, nlohmann::json& report);
  void tell_feeds();
  std::vector<DeviceId> sources() const;
  void end_with_sources();
  DeviceManager::Ranks ranks() const;
  void on_settled();

  Loop& loop_;
  Log& log_;
  Catalog& catalog_;
  std::string config_path_;
  std::uint64_t kernel_id_;
  std::uint64_t started_ns_;
  Grants grants_;
  Plan plan_;
  std::unique_ptr<Switchboard> switchboard_;
  std::unique_ptr<DeviceManager> devices_;
  std::unique_ptr<PipelineSet> pipelines_;
  LongPolls polls_;
  std::unique_ptr<ServiceTable> services_;
  std::unique_ptr<WatchService> watch_;
  Spawner& spawner_;
  Reaper& reaper_;
  std::vector<DeviceId> awaited_;  // sources that the kernel ends with, while they run
  bool stopping_ = false;
  int exit_status_ = 0;
};

}  // namespace dkvm
