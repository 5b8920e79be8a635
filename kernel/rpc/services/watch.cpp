#include "kernel/rpc/services/watch.hpp"

#include "kernel/log/time.hpp"
#include "kernel/rpc/services/logs.hpp"
#include "kernel/rpc/services/pipelines.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dkvm {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTextBytesMax = 200;  // of what a device wrote, per event

// The same for people and for programs; what is secret is apart.
struct Words {
  std::string text;
  Json values;
  std::string code;
};

std::string code_word(std::uint16_t code) {
  const auto known = code_name(code);
  return known.empty() ? fmt::format("code {}", code) : std::string(known);
}

Words describe_stroke(bool down, std::uint16_t code) {
  return {down ? "down" : "up", {{"down", down}}, code_word(code)};
}

Words describe_motion(const wire::PointerMotion& motion) {
  const double x = motion.x();
  const double y = motion.y();
  Json values = {{"absolute", motion.absolute()}, {"x", x}, {"y", y}};
  if (!motion.absolute()) return {fmt::format("by {:+},{:+}", x, y), std::move(values), {}};
  values["width"] = motion.width();
  values["height"] = motion.height();
  return {fmt::format("to {:.1f},{:.1f} of {}x{}", x, y, motion.width(), motion.height()),
          std::move(values),
          {}};
}

Words describe_state(const wire::DeviceState& state) {
  const auto word = [](const flatbuffers::String* text) {
    return text == nullptr ? std::string("?") : text->str().substr(0, kTextBytesMax);
  };
  const std::string device = word(state.device());
  const std::string now = word(state.state());
  return {fmt::format("{} is {}", device, now), {{"device", device}, {"state", now}}, {}};
}

Words describe_event(const Frame& frame) {
  switch (static_cast<wire::Topic>(frame.header.topic())) {
    case wire::Topic::key: {
      const auto& key_event = view_table<wire::Key>(frame.payload);
      return describe_stroke(key_event.down(), key_event.code());
    }
    case wire::Topic::pointer_button: {
      const auto& button_event = view_table<wire::PointerButton>(frame.payload);
      return describe_stroke(button_event.down(), button_event.code());
    }
    case wire::Topic::pointer_motion:
      return describe_motion(view_table<wire::PointerMotion>(frame.payload));
    case wire::Topic::pointer_scroll: {
      const auto& wheel = view_table<wire::PointerScroll>(frame.payload);
      return {fmt::format("by {:+},{:+} of 120", wheel.x(), wheel.y()),
              {{"x", wheel.x()}, {"y", wheel.y()}},
              {}};
    }
    case wire::Topic::device_state:
      return describe_state(view_table<wire::DeviceState>(frame.payload));
    default:
      return {fmt::format("{} bytes", frame.payload.size()), {{"bytes", frame.payload.size()}}, {}};
  }
}

}  // namespace

void WatchService::add_to(ServiceTable& table) {
  table.add_later("pipelines.watch", {"after", "limit", "wait_ms", "pipeline", "codes"},
                  [this](const ServiceCall& call, const Params& params, const Respond& respond) {
                    const auto taken = watch(call, params, respond);
                    if (!taken) respond(fail(taken.error()));
                  });
}

Result<> WatchService::watch(const ServiceCall& call, const Params& params,
                             const Respond& respond) {
  const std::uint64_t now = now_ns();
  DKVM_TRY(const Query query, query_of(params));
  DKVM_TRY(const std::uint64_t until, wait_until(params, now));
  start(now);
  return polls_.wait(
      call.device, until, now,
      [this, query, respond](bool last) { return answer(query, last, respond); },
      [respond] { return respond.wanted(); });
}

Result<WatchService::Query> WatchService::query_of(const Params& params) const {
  Query query;
  DKVM_TRY(const auto after, params.number("after"));
  DKVM_TRY(const auto limit, params.number("limit"));
  DKVM_TRY(query.pipeline, params.text_or("pipeline", ""));
  DKVM_TRY(query.codes, params.flag("codes"));
  query.after = after.value_or(last_sequence_);
  query.limit = limit.value_or(AnswerPage::kItemsMax);
  const Router& router = switchboard_.router();
  if (!query.pipeline.empty() && !router.summary_of(query.pipeline))
    return fail(no_pipeline(query.pipeline, router));
  return query;
}

void WatchService::start(std::uint64_t now) {
  asked_ns_ = now;
  switchboard_.wake_at(now + kIdleNs);
  if (std::exchange(watching_, true)) return;
  switchboard_.router().set_tap([this](EdgeId id, const Frame& frame) { see(id, frame); });
}

void WatchService::tick(std::uint64_t now) {
  if (!watching_) return;
  if (now < asked_ns_ + kIdleNs) return switchboard_.wake_at(asked_ns_ + kIdleNs);
  watching_ = false;
  switchboard_.router().set_tap({});
  seen_.clear();
  edges_.clear();
}

void WatchService::see(EdgeId id, const Frame& frame) {
  Words words = describe_event(frame);
  if (seen_.size() == kEventsMax) seen_.pop_front();
  seen_.push_back({++last_sequence_, wall_ns(), edge(id),
                   switchboard_.topics().name(frame.header.topic()), std::move(words.text),
                   std::move(words.values), std::move(words.code)});
}

const WatchService::Edge& WatchService::edge(EdgeId id) {
  if (const auto known = edges_.find(id); known != edges_.end()) return known->second;
  for (const PipelineStats& pipeline : switchboard_.router().stats())
    for (const EdgeStats& each : pipeline.edges)
      edges_[each.id] = {pipeline.name, each.source, each.sink};
  return edges_[id];
}

bool WatchService::answer(const Query& query, bool last, const Respond& respond) const {
  AnswerPage events(query.limit);
  const std::uint64_t oldest = last_sequence_ - seen_.size() + 1;
  std::uint64_t next = query.after;
  for (const Seen& each : seen_) {
    if (each.sequence <= query.after) continue;
    const bool wanted = query.pipeline.empty() || each.edge.pipeline == query.pipeline;
    if (wanted && !events.add(describe(each, query.codes))) break;
    next = each.sequence;
  }
  if (events.empty() && !last) return false;
  const std::uint64_t lost = oldest > query.after + 1 ? oldest - query.after - 1 : 0;
  respond(Json{{"events", std::move(events).take()}, {"next", next}, {"lost", lost}});
  return true;
}

Json WatchService::describe(const Seen& seen, bool codes) {
  Json event = {{"sequence", seen.sequence},
                {"time", format_time(seen.wall_ns)},
                {"pipeline", seen.edge.pipeline},
                {"from", seen.edge.from},
                {"to", seen.edge.to},
                {"topic", seen.topic},
                {"text", seen.text}};
  event.update(seen.values);
  if (codes && !seen.code.empty()) event["code"] = seen.code;
  return event;
}

}  // namespace dkvm
