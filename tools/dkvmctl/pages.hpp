#pragma once

#include "tools/dkvmctl/ctl.hpp"

#include <functional>

namespace dkvm::ctl {

// An answer whose list under `key` the kernel gives in pages, with all of the
// list; the rest is that of the first page.
// The kernel's `next` of one page is the `after` of the next one.
Called<Json> whole_answer(Ctl& ctl, const std::string& method, Json params, const char* key);

// The same of a device, which may give pages too.
Called<Json> whole_answer_of(Ctl& ctl, const std::string& target, const std::string& method,
                             Json params, const char* key);

// The list alone.
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
