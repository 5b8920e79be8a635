#pragma once

#include "tools/bench/frames/desk.hpp"

namespace dkvm::bench {

// The parts of the scenario `frames`: each adds its tables and goals.

// publish → callback, beside plain events and iceoryx, for sizes and consumers.
Result<> measure_handoff(FramesBench& bench);
// Where the bytes of frames are, and where they never are.
Result<> show_zero_copies(FramesBench& bench);
// 4K60 to three sinks, then with one of them stopped.
Result<> measure_4k60(FramesBench& bench);
// What opening a pool takes, and what the kernel's loop notices of it.
Result<> measure_pools(FramesBench& bench);
// What is left when producers and consumers were killed over and over.
Result<> kill_at_random(FramesBench& bench);

}  // namespace dkvm::bench
