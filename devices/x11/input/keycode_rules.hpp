#pragma once

#include "devices/x11/connection.hpp"

#include <string>

namespace dkvm::x11 {

// What the keycodes of a desktop's keyboard are called by XKB, such as
// `evdev+aliases(qwerty)`; empty where the server does not tell.
std::string keycodes_name(Connection& connection);

// True when they are evdev codes + 8, which is what all of this counts on.
inline bool are_evdev(const std::string& keycodes) { return keycodes.starts_with("evdev"); }

}  // namespace dkvm::x11
