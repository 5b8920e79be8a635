#pragma once

#include "tools/dkvmctl/ctl.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace dkvm::ctl {

// What the link devices of a kernel say, all together.
struct LinkAnswers {
  Json links = Json::array();
  Json listening = Json::array();              // {device, address}
  std::vector<std::string> silent;             // devices that cannot be asked, with the reason
  std::map<std::string, std::size_t> unknown;  // peers of pipelines: to how many devices
  std::vector<CallError> failures;
  std::size_t devices = 0;
};

// One device that does not answer hides no other.
// Errors: those that no other device would answer either.
Called<LinkAnswers> ask_links(Ctl& ctl);

}  // namespace dkvm::ctl
