#pragma once

#include "tools/dkvmctl/ctl.hpp"

#include <functional>

namespace dkvm::ctl {

// Every item under `key` of a list that the kernel gives in pages.
// The kernel's `next` of one page is the `after` of the next one.
Called<Json> all_pages(Ctl& ctl, const std::string& method, Json params, const char* key);

// A stream that is read by long polls: a log, or events passing.
struct Feed {
  std::string method;
  Json params;
  const char* key;  // of the items in an answer
};

// Shows what comes until Ctrl-C or until the control device takes its leave.
// Errors: those of a call; Kind::cut_off when the connection breaks.
Called<> follow(Ctl& ctl, Feed feed, const std::function<void(const Json& item)>& show);

}  // namespace dkvm::ctl
