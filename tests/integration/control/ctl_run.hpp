#pragma once

#include "tests/integration/control/fake_kernel.hpp"

#include <memory>
#include <string>
#include <vector>

namespace dkvm::test {

// One real dkvmctl at the kernel's socket.
class CtlRun {
 public:
  CtlRun(FakeKernel& kernel, const std::vector<std::string>& arguments,
         std::vector<std::string> environment = {});

  // Serves the kernel until dkvmctl has ended; -1 after kPatience.
  int exit_code();
  bool prints(const std::string& part);        // waits for it on stdout
  bool prints_error(const std::string& part);  // on stderr
  Child& process() { return *process_; }

  std::string out() const { return read_text(directory_ / "out"); }
  std::string err() const { return read_text(directory_ / "err"); }

 private:
  FakeKernel& kernel_;
  TempDir directory_;
  std::unique_ptr<Child> process_;
};

// Answers every list and every get with a small desk: two devices well, one
// failed, four pipelines, of which one is removed before it is looked at.
// Devices, ports and edges come in pages of one.
void furnish(FakeKernel& kernel);

}  // namespace dkvm::test
