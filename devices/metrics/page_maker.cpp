#include "devices/metrics/page_maker.hpp"

#include "devices/metrics/answer.hpp"
#include "devices/metrics/families.hpp"
#include "devices/metrics/limits.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace dkvm::metrics {
namespace {

constexpr std::array kKernelCalls = {"devices.list",    "kernel.info",    "memory.stats",
                                     "pipelines.edges", "pipelines.list", "pipelines.switches"};
constexpr std::array<std::string_view, 8> kLimited = {
    "consumers", "devices", "edges", "links", "pipelines", "pools", "switches", "targets"};
constexpr auto kAgeMaxNs = std::uint64_t{std::chrono::nanoseconds(kPageAgeMax).count()};

Calls calls_of(Context& context) {
  return {[&context](std::string target, std::string method, std::string body,
                     std::function<void(Answer)> on_answer) {
            return context.call(std::move(target), std::move(method), std::move(body),
                                std::move(on_answer), kCollectTimeMax);
          },
          [&context](std::uint64_t number) { context.cancel_call(number); }};
}

}  // namespace

PageMaker::PageMaker(Context& context, Trouble& trouble, std::function<HttpServer::Counts()> served)
    : context_(context),
      trouble_(trouble),
      served_(std::move(served)),
      collector_(calls_of(context)) {
  for (const char* method : kKernelCalls) failures_[{"kernel", method}] = 0;
}

void PageMaker::give(HttpServer::GivePage give) {
  if (page_ && now_ns() - page_ns_ < kAgeMaxNs) return give(page_);
  waiting_.push_back(std::move(give));
  if (!collector_.busy()) collect();
}

void PageMaker::collect() {
  began_ns_ = now_ns();
  deadline_ = context_.after(kCollectTimeMax, [this] { collector_.give_up(); });
  collector_.collect([this](Snapshot seen) { collected(std::move(seen)); });
}

void PageMaker::collected(Snapshot seen) {
  context_.cancel_timer(deadline_);
  seen.collect_s = static_cast<double>(now_ns() - began_ns_) / 1e9;
  page_ = page_of(seen);
  page_ns_ = now_ns();
  for (const HttpServer::GivePage& give : std::exchange(waiting_, {})) give(page_);
}

Text PageMaker::page_of(const Snapshot& seen) {
  look_at_sizes(seen);
  count_failures(seen);
  tell_trouble(seen);
  const SizeOf size_of = [this](int pid) { return sizes_.proportional_bytes(pid); };
  LeftOut left_out;
  for (const std::string_view what : kLimited) left_out[what] = 0;
  Sheet sheet;
  add_kernel(sheet, seen, size_of);
  add_devices(sheet, seen, size_of, left_out);
  add_pipelines(sheet, seen, left_out);
  add_edges(sheet, seen, left_out);
  add_switches(sheet, seen, left_out);
  add_memory(sheet, seen, left_out);
  add_links(sheet, seen, left_out);
  bool all_there = seen.failures.empty();
  for (const auto& [what, count] : left_out) {
    sheet.add(metric::kLeftOut, {std::string(what)}, static_cast<double>(count));
    all_there = all_there && count == 0;
  }
  add_self(sheet, seen, all_there);
  return std::make_shared<const std::string>(
      prometheus::TextSerializer().Serialize(std::move(sheet).take()));
}

void PageMaker::look_at_sizes(const Snapshot& seen) {
  std::vector<int> pids = {static_cast<int>(number_of(seen.kernel, "pid"))};
  for (const Json& device : seen.devices)
    pids.push_back(static_cast<int>(number_of(device, "pid")));
  sizes_.look(pids, now_ns());
}

// Devices that are no more are forgotten.
void PageMaker::count_failures(const Snapshot& seen) {
  bool devices_known = true;
  for (const CallFailure& failure : seen.failures) {
    ++failures_[{failure.target, failure.method}];
    if (failure.method == "devices.list") devices_known = false;
  }
  if (!devices_known) return;
  std::set<std::string> there = {"kernel"};
  for (const Json& device : seen.devices) there.insert(text_of(device, "name"));
  std::erase_if(failures_, [&](const auto& each) { return !there.contains(each.first.first); });
}

// In the state of the device, for people; a kernel that is silent hears it later.
void PageMaker::tell_trouble(const Snapshot& seen) {
  if (seen.failures.empty()) return trouble_.over();
  const CallFailure& first = seen.failures.front();
  const std::size_t others = seen.failures.size() - 1;
  trouble_.say(fmt::format("the page lacks {} of {}: {}{}", first.method, first.target,
                           first.error.message(),
                           others == 0 ? "" : fmt::format(", and {} more", others)));
}

void PageMaker::add_self(Sheet& sheet, const Snapshot& seen, bool all_there) const {
  sheet.add(metric::kUp, {}, seen.kernel.is_null() ? 0 : 1);
  sheet.add(metric::kDegraded, {}, all_there ? 0 : 1);
  for (const auto& [call, count] : failures_)
    sheet.add(metric::kCallFailures, {call.first, call.second}, static_cast<double>(count));
  sheet.add(metric::kCollectSeconds, {}, seen.collect_s);
  const HttpServer::Counts served = served_();
  for (const auto& [status, count] : served.by_status)
    sheet.add(metric::kRequests, {std::to_string(status)}, static_cast<double>(count));
  sheet.add(metric::kTurnedAway, {}, static_cast<double>(served.turned_away));
}

}  // namespace dkvm::metrics
