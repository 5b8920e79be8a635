#include "kernel/rpc/services/watch.hpp"

#include "kernel/log/time.hpp"
#include "kernel/rpc/services/logs.hpp"

#include <dkvm/codes.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dkvm {
namespace {

constexpr std::size_t kPageMax = 200;

struct Words {
  std::string text;
  std::string code;
};

std::string code_word(std::uint16_t code) {
  const auto known = code_name(code);
  return known.empty() ? fmt::format("code {}", code) : std::string(known);
}

Words describe_event(const Frame& frame) {
  switch (static_cast<wire::Topic>(frame.header.topic())) {
    case wire::Topic::key: {
      const auto& key_event = view_table<wire::Key>(frame.payload);
      return {key_event.down() ? "down" : "up", code_word(key_event.code())};
    }
    case wire::Topic::pointer_button: {
      const auto& button_event = view_table<wire::PointerButton>(frame.payload);
      return {button_event.down() ? "down" : "up", code_word(button_event.code())};
    }
    case wire::Topic::pointer_motion: {
      const auto& motion = view_table<wire::PointerMotion>(frame.payload);
      if (motion.absolute())
        return {fmt::format("to {:.1f},{:.1f} of {}x{}", motion.x(), motion.y(), motion.width(),
                            motion.height()), {}};
      return {fmt::format("by {:+},{:+}", motion.x(), motion.y()), {}};
    }
    case wire::Topic::pointer_scroll: {
      const auto& wheel = view_table<wire::PointerScroll>(frame.payload);
      return {fmt::format("by {:+},{:+} of 120", wheel.x(), wheel.y()), {}};
    }
    case wire::Topic::device_state: {
      const auto& state = view_table<wire::DeviceState>(frame.payload);
      return {fmt::format("{} is {}", state.device() ? state.device()->str() : "?",
                          state.state() ? state.state()->str() : "?"), {}};
    }
    default: return {fmt::format("{} bytes", frame.payload.size()), {}};
  }
}

}  // namespace

void WatchService::add_to(ServiceTable& table) {
  table.add_later("pipelines.watch", [this](const ServiceCall&, const Params& params,
                                            const ServiceTable::Respond& respond) {
    const std::uint64_t now = now_ns();
    start(now);
    const auto after = params.number("after");
    const auto limit = params.number("limit");
    const auto until = wait_until(params, now);
    const auto pipeline = params.text_or("pipeline", "");
    const auto codes = params.flag("codes");
    for (const Error* error : {after ? nullptr : &after.error(), limit ? nullptr : &limit.error(),
                               until ? nullptr : &until.error(),
                               pipeline ? nullptr : &pipeline.error(),
                               codes ? nullptr : &codes.error()})
      if (error != nullptr) return respond(fail(*error));
    if (!pipeline->empty() && !knows(*pipeline))
      return respond(fail(Errc::not_found, fmt::format("there is no pipeline '{}'", *pipeline)));
    const std::size_t most = std::clamp<std::size_t>(limit->value_or(kPageMax), 1, kPageMax);
    polls_.wait(*until, now,
                [this, from = after->value_or(last_sequence_), most, only = *pipeline,
                 with_codes = *codes, respond](bool last) {
                  return answer(from, most, only, with_codes, last, respond);
                });
  });
}

bool WatchService::knows(const std::string& pipeline) const {
  return switchboard_.router().stats_of(pipeline).has_value();
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
                   std::move(words.code)});
}

const WatchService::Edge& WatchService::edge(EdgeId id) {
  if (const auto known = edges_.find(id); known != edges_.end()) return known->second;
  for (const PipelineStats& pipeline : switchboard_.router().stats())
    for (const EdgeStats& each : pipeline.edges)
      edges_[each.id] = {pipeline.name, each.source, each.sink};
  return edges_[id];
}

bool WatchService::answer(std::uint64_t after, std::size_t limit, const std::string& pipeline,
                          bool codes, bool last, const ServiceTable::Respond& respond) const {
  nlohmann::json events = nlohmann::json::array();
  const std::uint64_t oldest = last_sequence_ - seen_.size() + 1;
  std::uint64_t next = after;
  for (const Seen& each : seen_) {
    if (each.sequence <= after) continue;
    if (events.size() == limit) break;
    next = each.sequence;
    if (!pipeline.empty() && each.edge.pipeline != pipeline) continue;
    nlohmann::json event = {{"sequence", each.sequence}, {"time", format_time(each.wall_ns)},
                            {"pipeline", each.edge.pipeline}, {"from", each.edge.from},
                            {"to", each.edge.to}, {"topic", each.topic}, {"text", each.text}};
    if (codes && !each.code.empty()) event["code"] = each.code;
    events.push_back(std::move(event));
  }
  if (events.empty() && !last) return false;
  const std::uint64_t lost = oldest > after + 1 ? oldest - after - 1 : 0;
  respond(nlohmann::json{{"events", std::move(events)}, {"next", next}, {"lost", lost}});
  return true;
}

}  // namespace dkvm
