#pragma once

#include <dkvm/in_port.hpp>
#include <dkvm/out_port.hpp>

// A device's ports: events leave by an OutPort and arrive at an InPort;
// upstream messages run the other way. All of it is for the device's thread.
// Before the kernel's welcome, and once a port is closed, everything that sends
// is Errc::invalid. Handlers are set before the port's first event.
