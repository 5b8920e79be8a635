#pragma once

#include <dkvm/wire/events_generated.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dkvm::detail {

// The touch contacts of one edge: which are open at the source, which the sink
// was told of. They end with a cancel where keys end with an up.
class Touches {
 public:
  static constexpr std::size_t kContactsMax = 64;

  // An event of the source; false when it has no place: a contact that is not
  // open, is open already, or is one too many.
  bool admit(std::int32_t id, wire::TouchPhase phase) {
    Contact* contact = find(id);
    if (phase == wire::TouchPhase::down) {
      if (contact != nullptr && contact->open) return false;
      if (contact == nullptr) {
        if (contacts_.size() == kContactsMax) return false;
        contacts_.push_back({id, false, false});
        contact = &contacts_.back();
      }
      contact->open = true;
      return true;
    }
    if (contact == nullptr || !contact->open) return false;
    if (ends(phase)) contact->open = false;
    return true;
  }

  // An event on its way to the sink.
  void give(std::int32_t id, wire::TouchPhase phase) {
    Contact* contact = find(id);
    if (contact == nullptr) return;
    if (phase == wire::TouchPhase::down) contact->given = true;
    if (!ends(phase)) return;
    contact->given = false;
    drop_unused();
  }

  // Closes every contact and returns those that the sink must see cancelled.
  // purged: what was queued of them is gone, only given ones need it.
  std::vector<std::int32_t> close(bool purged) {
    std::vector<std::int32_t> ids;
    for (Contact& contact : contacts_) {
      if (purged ? contact.given : contact.open) ids.push_back(contact.id);
      contact.open = false;
    }
    if (purged) drop_unused();
    return ids;
  }

  static bool ends(wire::TouchPhase phase) {
    return phase == wire::TouchPhase::up || phase == wire::TouchPhase::cancel;
  }

  void clear() { contacts_.clear(); }
  bool any() const { return !contacts_.empty(); }

 private:
  struct Contact {
    std::int32_t id;
    bool open;
    bool given;
  };

  Contact* find(std::int32_t id) {
    for (Contact& contact : contacts_) {
      if (contact.id == id) return &contact;
    }
    return nullptr;
  }
  void drop_unused() {
    std::erase_if(contacts_, [](const Contact& each) { return !each.open && !each.given; });
  }

  std::vector<Contact> contacts_;
};

}  // namespace dkvm::detail
