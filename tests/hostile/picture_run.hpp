#pragma once

#include "tests/hostile/kernel_run.hpp"

#include <string>
#include <utility>
#include <vector>

namespace dkvm::test {

// How each liar ends: failed with this reason, or finished where there is none.
using Ends = std::vector<std::pair<std::string, std::string>>;

// A KernelRun with one more honest pair: a lamp that shows numbered pictures
// from shared memory and a wall that takes each of them. Liars may be fed by the
// same lamp; the wall must never miss a picture for it.
class PictureRun : public KernelRun {
 public:
  // pictures: how many, then the lamp finishes; 0: until the kernel ends.
  // The policy towards liars is `latest`.
  PictureRun(const std::string& devices, const std::string& pipelines,
             std::size_t bystander_keys = 2000, std::size_t pictures = 0);

  void wait_ends(const Ends& ends);

  // Waits until memory.stats has nothing of this device, as producer or consumer.
  void wait_no_memory_of(const std::string& name);

  // The wall still gets pictures, the bystander has typed everything, the kernel
  // ends as it should, and the wall has missed no picture.
  void check_rest();

 private:
  std::size_t pictures_;
};

// A pipeline from the lamp to a liar's view.
std::string lit(const std::string& lie);

// Runs liars at the same time, each fed by the lamp or none, and checks them and the rest.
enum class Light { off, on };
void run_liars(const Ends& ends, Light light, const std::string& more = "");

}  // namespace dkvm::test
