#pragma once

#include "tools/dkvmctl/ctl.hpp"

#include <string>
#include <vector>

namespace dkvm::ctl {

// What the link devices of a kernel say, all together.
struct LinkAnswers {
  Json links = Json::array();
  Json listening = Json::array();   // {device, address}
  std::vector<std::string> silent;  // devices that cannot be asked, with the reason
  std::vector<CallError> failures;
  std::size_t devices = 0;
};

// One device that does not answer hides no other.
// Errors: those that no other device would answer either.
Called<LinkAnswers> ask_links(Ctl& ctl);

}  // namespace dkvm::ctl
