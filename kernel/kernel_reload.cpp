#include "config/check.hpp"
#include "kernel/kernel.hpp"

#include <dkvm/time.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

// From a changed file to a changed kernel, while everything else goes on.
namespace dkvm {
namespace {

using std::chrono::milliseconds;

// While somebody writes the file or one that it includes.
constexpr milliseconds kReadAgainAfter{20};
constexpr milliseconds kFileWaitMax{2000};

bool is_unfinished(const ConfigErrors& errors) {
  return std::ranges::any_of(errors, &ConfigError::unfinished);
}

}  // namespace

void Kernel::reload(Reloaded done) {
  if (stopping_) return done(fail(Errc::denied, "the kernel is stopping"));
  reload_again_.push_back(std::move(done));
  if (!reload_) begin_reload();
}

void Kernel::begin_reload() {
  reload_.emplace();
  reload_->callers = std::exchange(reload_again_, {});
  reload_->read_until = Clock::now() + kFileWaitMax;
  tell({.what = KernelNews::What::reloading});
  read_anew();
}

// Never a half of what somebody is writing: that is waited for.
void Kernel::read_anew() {
  if (stopping_) return end_reload(fail(Errc::denied, "the kernel is stopping"));
  catalog_.read_types();
  auto config = load_checked(options_.config_path, catalog_, true);
  if (!config) {
    if (is_unfinished(config.error()) && Clock::now() < reload_->read_until)
      return read_again_.arm_in(kReadAgainAfter);
    return end_reload(refused(config.error()));
  }
  // First of all: every device's environment has the name and the directory.
  reload_->kept = keep_identity(*config, plan_.kernel);
  reload_->config = std::move(*config);
  catalog_.ask(reload_->config, [this] { act_on_reload(); });
}

// Everybody who had to be asked has answered.
void Kernel::act_on_reload() {
  Ends ends;
  const auto carried = [&]() -> Result<PlanChanges> {
    if (stopping_) return fail(Errc::denied, "the kernel is stopping");
    auto next = make_plan(std::move(reload_->config), catalog_);
    if (!next) return refused(next.error());
    if (const auto errors = check_beside(*next, pipelines_->made_beside(next->pipelines), catalog_);
        !errors.empty())
      return refused(errors);
    // All that can be refused comes before anything is done.
    if (const auto numbered = number_devices(*next); !numbered) return refused(numbered.error());
    if (const auto opened = change_log_file(plan_.kernel.log, next->kernel.log); !opened)
      return refused({log_file_error(next->kernel.log, opened.error())});
    PlanChanges changes = changes_between(plan_, *next);
    changes.needs_restart = std::move(reload_->kept);
    if (options_.log_level && std::erase(changes.changed, kLogLevelKey) != 0)
      changes.needs_restart.emplace_back(kLogLevelKey);
    if (auto done = carry_out(std::move(*next), ends); !done) {
      log_.error("reloaded {}, but not all of it: {}", options_.config_path,
                 done.error().message());
      return fail(std::move(done).error().within("reloaded, but not all of it"));
    }
    log_.info("reloaded {}: {}", options_.config_path, to_words(changes));
    return changes;
  }();
  end_reload(carried, ends);
}

// Those who asked are told before a device ends: it may be one of them.
void Kernel::end_reload(const Result<PlanChanges>& answer, const Ends& ends) {
  const Reload reload = *std::exchange(reload_, std::nullopt);
  tell({KernelNews::What::reloaded, answer ? "" : answer.error().message()});
  for (const Reloaded& caller : reload.callers) caller(answer);
  end_devices(ends);
  switchboard_->settle_soon();
  if (!reload_ && !reload_again_.empty()) begin_reload();
}

tl::unexpected<Error> Kernel::refused(const Error& error) {
  log_.error("not reloaded, nothing has changed: {}", error.message());
  return fail(error);
}

tl::unexpected<Error> Kernel::refused(const ConfigErrors& errors) {
  std::string text = to_string(errors);
  while (text.ends_with('\n')) text.pop_back();
  log_.error("not reloaded, nothing has changed:");
  for (const ConfigError& error : errors) log_.error("{}", to_string(error));
  return fail(Errc::invalid, std::move(text));
}

// All but the ends of devices.
Result<> Kernel::carry_out(Plan next, Ends& ends) {
  const Plan before = std::exchange(plan_, std::move(next));
  change_log_level(before.kernel.log, plan_.kernel.log);
  log_.limit_ring(plan_.kernel.log.bytes_max, plan_.kernel.log.lines_max);
  switchboard_->memory().set_bytes_max(plan_.kernel.buffers);
  tell_far_rights();
  for (const DevicePlan& old : before.devices) {
    if (plan_.device(old.name) != nullptr) continue;
    grants_.remove(old.name);
    ends.removed.push_back(old.spec.id);
  }
  for (DevicePlan& device : plan_.devices) {
    const DevicePlan* old = before.device(device.name);
    DKVM_CHECK(old == nullptr ? add_device(device) : change_device(*old, device, ends));
  }
  return pipelines_->load(plan_.pipelines, plan_.switches, now_ns());
}

Result<> Kernel::change_device(const DevicePlan& old, DevicePlan& device, Ends& ends) {
  const DeviceId id = device.spec.id = old.spec.id;
  tell_rights(device);
  if (device.doubt != old.doubt) say_doubt(device);
  DKVM_CHECK(devices_->update(device.spec));
  const DeviceSnapshot now = *devices_->snapshot(id);
  if (!device.enabled && old.enabled) {
    ends.stopped.push_back(id);
  } else if (now.wanted) {
    // Also where it has ended, or waits for its next start.
    if (now.state == RunState::failed || needs_new_process(old, device))
      ends.restarted.push_back(id);
  } else if (device.enabled && !old.enabled) {
    return devices_->start(id);
  }
  return {};
}

Result<> Kernel::change_log_file(const LogConfig& before, const LogConfig& after) {
  if (before.file == after.file) return {};
  if (after.file) return log_.open_file(*after.file);
  log_.close_file();
  return {};
}

void Kernel::change_log_level(const LogConfig& before, const LogConfig& after) {
  if (before.level == after.level) return;
  if (options_.log_level) {
    log_.warning("the log's level stays {}: --log-level overrides the file",
                 name(*options_.log_level));
  } else {
    log_.set_level(log_level_of(after.level));
  }
}

// What these find wrong is only that the kernel is stopping.
void Kernel::end_devices(const Ends& ends) {
  for (const DeviceId id : ends.removed)
    [[maybe_unused]] const auto removed = devices_->remove(id, "no longer configured");
  for (const DeviceId id : ends.stopped)
    [[maybe_unused]] const auto stopped = devices_->stop(id, "disabled in the configuration");
  for (const DeviceId id : ends.restarted)
    [[maybe_unused]] const auto restarted = devices_->restart(id, "its configuration changed");
}

}  // namespace dkvm
