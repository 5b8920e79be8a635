#include "devices/metrics/collector.hpp"

#include "devices/metrics/answer.hpp"
#include "devices/metrics/limits.hpp"

#include <memory>
#include <utility>

namespace dkvm::metrics {
namespace {

void append(Json& list, const Json& page, const char* key) {
  for (const Json& item : list_of(page, key))
    if (item.is_object()) list.push_back(item);
}

bool makes_links(const Json& device) {
  const std::string type = text_of(device, "type");
  const std::string state = text_of(device, "state");
  return (type == "tcp-server" || type == "tcp-client") &&
         (state == "running" || state == "degraded");
}

}  // namespace

Collector::~Collector() {
  for (const Waiting& each : waiting_) calls_.cancel(each.number);
}

void Collector::collect(Done done) {
  done_ = std::move(done);
  snapshot_ = {};
  ++outstanding_;  // of this call: answers may come at once
  begin({"kernel", "kernel.info", Json::object(),
         [this](Json page) { snapshot_.kernel = std::move(page); }});
  begin({"kernel", "devices.list", Json::object(), [this](const Json& page) {
           append(snapshot_.devices, page, "devices");
           if (text_of(page, "next").empty()) ask_links();
         }});
  begin({"kernel", "pipelines.list", Json::object(),
         [this](const Json& page) { append(snapshot_.pipelines, page, "pipelines"); }});
  begin({"kernel", "pipelines.edges", {{"buckets", true}}, [this](const Json& page) {
           append(snapshot_.edges, page, "edges");
           snapshot_.bounds_us = list_of(page, "bounds_us");
         }});
  begin({"kernel", "pipelines.switches", Json::object(),
         [this](const Json& page) { append(snapshot_.switches, page, "switches"); }});
  begin({"kernel", "memory.stats", Json::object(), [this](Json page) {
           append(snapshot_.pools, page, "pools");
           page.erase("pools");
           snapshot_.memory = std::move(page);
         }});
  end_one();
}

void Collector::ask_links() {
  for (const Json& device : snapshot_.devices) {
    if (!makes_links(device)) continue;
    const std::string name = text_of(device, "name");
    begin({name, "links.list", Json::object(), [this, name](const Json& page) {
             const std::size_t before = snapshot_.links.size();
             append(snapshot_.links, page, "links");
             for (std::size_t at = before; at < snapshot_.links.size(); ++at)
               snapshot_.links[at]["device"] = name;  // whatever it says itself
           }});
  }
}

void Collector::begin(List list) {
  ++outstanding_;
  ask(std::move(list));
}

void Collector::ask(List list) {
  const std::string target = list.target;
  const std::string method = list.method;
  std::string body = list.params.dump();
  // The number is known only when the call is made, and its answer comes later.
  auto number = std::make_shared<std::uint64_t>(0);
  auto called = calls_.call(target, method, std::move(body),
                            [this, number, list = std::move(list)](const Answer& answer) mutable {
                              waiting_.erase({*number, {}, {}});
                              answered(std::move(list), answer);
                            });
  if (called) {
    *number = *called;
    waiting_.insert({*called, target, method});
  } else {
    snapshot_.failures.push_back({target, method, std::move(called).error()});
    end_one();
  }
}

void Collector::answered(List list, const Answer& answer) {
  const auto taken = take_page(list, answer);
  if (!taken) snapshot_.failures.push_back({list.target, list.method, taken.error()});
  const bool more = taken && list.params.contains("after") && list.pages < kPagesPerListMax;
  if (more) return ask(std::move(list));
  end_one();
}

// Leaves `after` in the parameters while there is another page.
Result<> Collector::take_page(List& list, const Answer& answer) {
  if (!answer) return fail(answer.error());
  Json page = Json::parse(*answer, nullptr, false);
  if (!page.is_object()) return fail(Errc::corrupt, "the answer is no JSON object");
  const std::string next = text_of(page, "next");
  if (!next.empty() && next == text_of(list.params, "after"))
    return fail(Errc::corrupt, "the answer's next page is the same again");
  list.params.erase("after");
  if (!next.empty()) list.params["after"] = next;
  ++list.pages;
  list.take(std::move(page));
  return {};
}

void Collector::end_one() {
  if (--outstanding_ != 0) return;
  if (const Done done = std::exchange(done_, {})) done(std::move(snapshot_));
}

void Collector::give_up() {
  if (!busy()) return;
  for (const Waiting& each : std::exchange(waiting_, {})) {
    calls_.cancel(each.number);
    snapshot_.failures.push_back(
        {each.target, each.method, Error(Errc::timeout, "no answer in time")});
  }
  outstanding_ = 1;
  end_one();
}

}  // namespace dkvm::metrics
