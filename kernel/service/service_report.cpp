#include "kernel/service/service_report.hpp"

#include "kernel/service/service_words.hpp"

#include <fmt/format.h>

#include <utility>

namespace dkvm {

void ServiceReport::devices(std::span<const DeviceSnapshot> devices) {
  if (stopping_) return;
  if (std::string status = status_line(devices, refusal_); status != status_) {
    owed_status_ = fmt::format("STATUS={}", status);
    status_ = std::move(status);
  }
  if (!ready_ && all_begun(devices)) {
    ready_ = true;
    if (!reloading_) owe_state("READY=1");
  }
  flush();
}

void ServiceReport::reloading(std::int64_t monotonic_us) {
  if (stopping_) return;
  reloading_ = true;
  // To a manager that still waits for READY it would mean nothing.
  if (ready_) owe_state(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us));
  flush();
}

void ServiceReport::reloaded(std::string refusal) {
  if (stopping_) return;
  reloading_ = false;
  refusal_ = std::move(refusal);
  if (ready_) owe_state("READY=1");
  flush();
}

void ServiceReport::stopping() {
  if (std::exchange(stopping_, true)) return;
  if (!std::exchange(ready_, true)) {
    owe_state("READY=1");
    flush();
  }
  owe_state("STOPPING=1");
  owed_status_ = "STATUS=stopping";
  flush();
}

void ServiceReport::owe_state(std::string state) { owed_state_ = std::move(state); }

bool ServiceReport::flush() {
  for (std::string* owed : {&owed_state_, &owed_status_}) {
    if (owed->empty()) continue;
    if (!send_(*owed)) return false;
    owed->clear();
  }
  return true;
}

}  // namespace dkvm
