#pragma once

#include "pipelines/port.hpp"

#include <dkvm/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dkvm {

// Devices by number and by name. A name keeps its number for as long as this
// kernel lives, whatever becomes of the device. Number 0 is the kernel itself.
class DeviceNames {
 public:
  static constexpr std::size_t kDevicesMax = 65'534;

  // Errors: Errc::exhausted after kDevicesMax names.
  Result<DeviceId> number(const std::string& name) {
    if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
    if (names_.size() > kDevicesMax)
      return fail(Errc::exhausted, "more than " + std::to_string(kDevicesMax) + " devices");
    const auto id = static_cast<DeviceId>(names_.size());
    names_.push_back(name);
    ids_[name] = id;
    return id;
  }

  std::optional<DeviceId> find(std::string_view name) const {
    const auto found = ids_.find(std::string(name));
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string name_of(DeviceId device) const {
    return device < names_.size() ? names_[device] : "?";
  }
  // By number.
  const std::vector<std::string>& all() const { return names_; }

 private:
  std::vector<std::string> names_{"kernel"};
  std::unordered_map<std::string, DeviceId> ids_;
};

}  // namespace dkvm
