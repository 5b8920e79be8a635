#pragma once

#include "tools/bench/harness/control.hpp"

#include <dkvm/device_main.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

// The bench's own devices, written with the SDK as anybody's would be. In a
// kvm.yaml: exec: [dkvm-bench, --device, ROLE, CONTROL].
namespace dkvm::bench {

// A device that takes orders from the bench while it runs, and ends with it.
class OrderedDevice : public Device {
 public:
  OrderedDevice(std::string type, std::string summary, std::string control)
      : Device(std::move(type), std::move(summary)), control_path_(std::move(control)) {}

  Result<> start(Context& context) override {
    DKVM_CHECK(prepare(context));
    DKVM_TRY(auto link, ControlLink::connect(control_path_, context.name()));
    control_ = std::make_unique<ControlLink>(std::move(link));
    return context.watch(control_->fd(), [this, &context] {
      if (const auto order = control_->next()) return obey(context, *order);
      context.finish();
    });
  }

 protected:
  // Before the bench learns that the device is ready.
  virtual Result<> prepare(Context&) { return {}; }
  virtual void obey(Context& context, const Order& order) = 0;
  const ControlLink& control() const { return *control_; }

 private:
  std::string control_path_;
  std::unique_ptr<ControlLink> control_;
};

std::unique_ptr<Device> make_key_source(const std::string& control);
std::unique_ptr<Device> make_key_sink(const std::string& control);
std::unique_ptr<Device> make_number_source(const std::string& control);
std::unique_ptr<Device> make_number_sink(const std::string& control);
std::unique_ptr<Device> make_flood_source(const std::string& control);
std::unique_ptr<Device> make_flood_sink(const std::string& control);
std::unique_ptr<Device> make_flood_mouse(const std::string& control);
std::unique_ptr<Device> make_mouse_source(const std::string& control);
std::unique_ptr<Device> make_mouse_sink(const std::string& control);
std::unique_ptr<Device> make_frame_source(const std::string& control);
std::unique_ptr<Device> make_frame_sink(const std::string& control);
std::unique_ptr<Device> make_bulk_source(const std::string& control);
std::unique_ptr<Device> make_bulk_sink(const std::string& control);
std::unique_ptr<Device> make_pool_opener(const std::string& control);
std::unique_ptr<Device> make_prober(const std::string& control);
std::unique_ptr<Device> make_churn_source(const std::string& control);
std::unique_ptr<Device> make_churn_sink(const std::string& control);
std::unique_ptr<Device> make_auditor(const std::string& control);

// main() of `dkvm-bench --device ROLE CONTROL [--describe …]`, given what
// follows --device.
int run_role(int argc, char** argv);

}  // namespace dkvm::bench
