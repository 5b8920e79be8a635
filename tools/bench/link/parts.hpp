#pragma once

#include "tools/bench/link/desk.hpp"

namespace dkvm::bench {

// The parts of the scenario `link`: each adds its tables and goals. One whose devices
// are not there, or that may not make networks, adds its goals with the reason.

// A key and frames over loopback, beside raw TLS; and a key beside frames.
Result<> measure_loopback(LinkBench& bench);
// A key beside four streams of frames at 1 Mbit/s.
Result<> measure_narrow(LinkBench& bench);
// From a connection to its first event, and from a network that is back.
Result<> measure_returns(LinkBench& bench);
// A hundred peers of one server.
Result<> measure_crowd(LinkBench& bench);

}  // namespace dkvm::bench
