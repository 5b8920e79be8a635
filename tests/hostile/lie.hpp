#pragma once

#include "tests/hostile/liar_stream.hpp"

#include <string_view>
#include <vector>

namespace dkvm::test {

// One way to misbehave: a process that tells it never does anything else.
struct Lie {
  std::string_view name;
  // Answers --describe with its manifest, as a device that means well does;
  // else it refuses, and the kernel knows nothing before hello.
  bool describes = true;
  int (*tell)(LiarStream&);  // its result is the exit status
  Manifest (*manifest)() = liar_manifest;
};

// By what they abuse.
std::vector<Lie> lies_in_hello();
std::vector<Lie> lies_in_frames();
std::vector<Lie> lies_in_payloads();
std::vector<Lie> lies_in_calls();
std::vector<Lie> lies_of_processes();
std::vector<Lie> lies_about_slots();
std::vector<Lie> lies_about_leases();
std::vector<Lie> lies_about_pools();
std::vector<Lie> lies_in_memory();
// No lies, but odd ways to write what is true.
std::vector<Lie> odd_truths();

}  // namespace dkvm::test
