#include "tools/dkvmctl/pages.hpp"

#include "tools/dkvmctl/interrupt.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace dkvm::ctl {
namespace {

constexpr int kPagesMax = 1000;  // against a kernel that never says that it was the last
constexpr std::chrono::milliseconds kPollWait{5000};
constexpr std::chrono::milliseconds kEmptyPause{50};  // between polls that bring nothing at once

void report_lost(const Ctl& ctl, std::uint64_t lost) {
  if (lost != 0) ctl.screen.note(count_text(lost) + " more were not shown: they came too fast");
}

// What was only looked at cannot have "happened all the same".
CallError as_feed(CallError failure) {
  if (failure.kind == CallError::Kind::lost) failure.kind = CallError::Kind::cut_off;
  return failure;
}

}  // namespace

Called<Json> whole_answer(Ctl& ctl, const std::string& method, Json params, const char* key) {
  return whole_answer_of(ctl, "kernel", method, std::move(params), key);
}

Called<Json> whole_answer_of(Ctl& ctl, const std::string& target, const std::string& method,
                             Json params, const char* key) {
  DKVM_TRY(Json whole, ctl.call(target, method, params));
  if (!whole.is_object()) whole = Json::object();
  Json items = list_of(whole, key);
  Json next = field(whole, "next");
  for (int page = 1; page < kPagesMax && !next.is_null(); ++page) {
    params["after"] = next;
    DKVM_TRY(const Json answer, ctl.call(target, method, params));
    for (const Json& item : list_of(answer, key)) items.push_back(item);
    next = field(answer, "next");
    if (next == params["after"]) break;
  }
  whole.erase("next");
  whole[key] = std::move(items);
  return whole;
}

Called<Json> all_pages(Ctl& ctl, const std::string& method, Json params, const char* key) {
  DKVM_TRY(const Json whole, whole_answer(ctl, method, std::move(params), key));
  return list_of(whole, key);
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
      ctl.screen.note("the kernel or its control device was stopped: nothing follows");
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
