#include "tools/dkvmctl/pages.hpp"

#include "tools/dkvmctl/interrupt.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace dkvm::ctl {
namespace {

constexpr int kPagesMax = 1000;  // against a kernel that never says that it was the last
constexpr std::chrono::milliseconds kPollWait{5000};
constexpr std::chrono::milliseconds kEmptyPause{50};  // between polls that bring nothing at once

// Beside the results, for people or, one a line, for programs.
void note(const Ctl& ctl, const std::string& text) {
  say(ctl.screen.json() ? Json{{"note", text}}.dump() : "dkvmctl: " + text);
}

void report_lost(const Ctl& ctl, std::uint64_t lost) {
  if (lost != 0) note(ctl, count_text(lost) + " more were not shown: they came too fast");
}

// What was only looked at cannot have "happened all the same".
CallError as_feed(CallError failure) {
  if (failure.kind == CallError::Kind::lost) failure.kind = CallError::Kind::cut_off;
  return failure;
}

}  // namespace

Called<Json> all_pages(Ctl& ctl, const std::string& method, Json params, const char* key) {
  Json items = Json::array();
  for (int page = 0; page < kPagesMax; ++page) {
    DKVM_TRY(const Json answer, ctl.kernel(method, params));
    for (const Json& item : list_of(answer, key)) items.push_back(item);
    const Json& next = field(answer, "next");
    if (next.is_null() || next == field(params, "after")) break;
    params["after"] = next;
  }
  return items;
}

Called<> follow(Ctl& ctl, Feed feed, const std::function<void(const Json& item)>& show) {
  const Interrupt interrupt;
  ctl.client.interrupted_by(interrupt.fd());
  feed.params["wait_ms"] = kPollWait.count();
  while (!interrupt.raised() && ctl.screen.flush()) {
    const auto answer =
        ctl.client.call("kernel", feed.method, feed.params.dump(), kPollWait + ctl.timeout);
    if (!answer && interrupt.raised()) break;
    if (!answer && answer.error().kind == CallError::Kind::ended) {
      note(ctl, "the kernel or its control device was stopped: nothing follows");
      break;
    }
    if (!answer) return fail(as_feed(answer.error()));
    const Json& items = list_of(*answer, feed.key);
    report_lost(ctl, count_of(*answer, "lost"));
    for (const Json& item : items) show(item);
    if (!field(*answer, "next").is_null()) feed.params["after"] = field(*answer, "next");
    if (items.empty() && interrupt.wait(kEmptyPause)) break;
  }
  ctl.client.interrupted_by(-1);
  return {};
}

}  // namespace dkvm::ctl
