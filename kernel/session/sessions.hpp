#pragma once

#include "kernel/session/device_session.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dkvm {

// The devices that are connected, and which of them have something to be sent.
// Life: loop thread only.
class Sessions {
 public:
  // Everything given outlives the sessions.
  Sessions(Loop& loop, SessionParts parts) : loop_(loop), scratch_(loop), parts_(parts) {}
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  ~Sessions() { close(); }
  // All of them; what they are told of it still reaches the parts.
  void close() {
    for (auto& [id, session] : sessions_) session->close();
  }

  // A new incarnation; one that went before is ended.
  void begin(SessionIdentity identity, UniqueFd stream) {
    auto& slot = sessions_[identity.device];
    if (slot) ended_.push_back(std::move(slot));
    slot = std::make_unique<DeviceSession>(std::move(identity), loop_, std::move(stream), scratch_,
                                           parts_);
  }
  // Null for a device that is not connected.
  DeviceSession* find(DeviceId device) const {
    const auto found = sessions_.find(device);
    return found == sessions_.end() ? nullptr : found->second.get();
  }
  // Closes it. It may still be on the stack, so it goes with bury().
  void end(DeviceId device) {
    const auto found = sessions_.find(device);
    if (found == sessions_.end()) return;
    found->second->close();
    ended_.push_back(std::move(found->second));
    sessions_.erase(found);
  }
  // Where no call of a session is on the stack.
  void bury() { ended_.clear(); }

  template <class Visit>
  void each(Visit visit) {
    for (auto& [id, session] : sessions_) visit(id, *session);
  }

  // There is something to be sent to it.
  void flush_later(DeviceId device) {
    if (device >= flush_marked_.size()) flush_marked_.resize(std::size_t{device} + 1);
    if (std::exchange(flush_marked_[device], std::uint8_t{1}) == 0) flush_.push_back(device);
  }
  // Those that a flush wakes come in the same pass.
  void flush() {
    for (std::size_t i = 0; i < flush_.size(); ++i) {
      const DeviceId device = flush_[i];
      flush_marked_[device] = 0;
      if (DeviceSession* waiting = find(device)) waiting->flush();
    }
    flush_.clear();
  }

 private:
  Loop& loop_;
  ChannelScratch scratch_;
  SessionParts parts_;
  std::unordered_map<DeviceId, std::unique_ptr<DeviceSession>> sessions_;
  std::vector<std::unique_ptr<DeviceSession>> ended_;
  std::vector<DeviceId> flush_;
  std::vector<std::uint8_t> flush_marked_;  // by id: in flush_
};

}  // namespace dkvm
