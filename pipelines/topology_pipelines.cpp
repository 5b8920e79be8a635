#include "pipelines/stages/registry.hpp"
#include "pipelines/topology.hpp"

#include <fmt/format.h>

#include <set>

namespace dkvm {
namespace {

Result<> check_addresses(const std::vector<std::string>& addresses, std::string_view key) {
  if (addresses.empty())
    return fail(Errc::invalid, fmt::format("`{}` names nobody: expected an address", key));
  for (const std::string& address : addresses) DKVM_CHECK(parse_port_address(address));
  return {};
}

Result<> check_parts(const PipelineSpec& spec) {
  DKVM_CHECK(check_addresses(spec.from, "from"));
  DKVM_CHECK(check_addresses(spec.to, "to"));
  for (const std::string& topic : spec.events) {
    if (topic.empty() || topic.size() > kNameBytesMax)
      return fail(Errc::invalid, fmt::format("'{}' cannot be the name of a topic", topic));
  }
  for (const StageSpec& stage : spec.via) {
    const StageKind* kind = find_stage(stage.name);
    if (kind == nullptr)
      return fail(Errc::invalid,
                  fmt::format("there is no stage '{}': expected filter or remap", stage.name));
    DKVM_CHECK(check_arguments(*kind, stage.arguments));
  }
  if (spec.queue.depth && (*spec.queue.depth == 0 || *spec.queue.depth > kQueueDepthMax))
    return fail(Errc::invalid, fmt::format("a queue's depth is 1 to {} entries, not {}",
                                           kQueueDepthMax, *spec.queue.depth));
  return {};
}

}  // namespace

Result<> check(const PipelineSpec& spec) {
  if (spec.name.empty() || spec.name.size() > kNameBytesMax)
    return fail(Errc::invalid, fmt::format("'{}' cannot be the name of a pipeline", spec.name));
  Result<> parts = check_parts(spec);
  if (!parts) return fail(std::move(parts).error().within(fmt::format("pipeline '{}'", spec.name)));
  return {};
}

}  // namespace dkvm

namespace dkvm::detail {

Result<std::unique_ptr<Pipeline>> Topology::build(PipelineSpec spec) {
  DKVM_CHECK(check(spec));
  const TopicResolver topics = [this](std::string_view name) { return host_.topic_id(name); };
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->events = spec.events.empty() ? TopicSet::all() : TopicSet();
  for (const std::string& topic : spec.events) pipeline->events.add(topics(topic));
  Stages stages;
  for (const StageSpec& stage : spec.via) {
    DKVM_TRY(auto made, find_stage(stage.name)->make(stage.arguments, topics));
    stages.push_back(std::move(made));
  }
  if (!stages.empty()) pipeline->stages = std::make_shared<const Stages>(std::move(stages));
  pipeline->open = !spec.of_switch;
  pipeline->spec = std::move(spec);
  return pipeline;
}

Result<> Topology::apply(std::vector<PipelineSpec> specs, std::uint64_t now_ns) {
  std::map<std::string, std::unique_ptr<Pipeline>, std::less<>> fresh;
  std::set<std::string, std::less<>> names;
  for (PipelineSpec& spec : specs) {
    const std::string name = spec.name;
    if (!names.insert(name).second)
      return fail(Errc::invalid, fmt::format("there are two pipelines '{}'", name));
    const auto known = pipelines_.find(name);
    if (known != pipelines_.end() && known->second->spec == spec) continue;
    DKVM_TRY(fresh[name], build(std::move(spec)));
  }

  for (auto each = pipelines_.begin(); each != pipelines_.end();) {
    if (names.contains(each->first)) {
      ++each;
      continue;
    }
    discard(std::move(each->second), now_ns);
    each = pipelines_.erase(each);
  }
  for (auto& [name, pipeline] : fresh) {
    auto& place = pipelines_[name];
    if (place) {
      replace(*place, std::move(pipeline), now_ns);
    } else {
      place = std::move(pipeline);
      refit(*place, now_ns);
    }
  }
  bury_finished();
  return {};
}

Result<> Topology::add(PipelineSpec spec, std::uint64_t now_ns) {
  if (pipelines_.contains(spec.name))
    return fail(Errc::invalid, fmt::format("there is a pipeline '{}' already", spec.name));
  DKVM_TRY(auto pipeline, build(std::move(spec)));
  Pipeline& added = *pipeline;
  pipelines_.emplace(added.spec.name, std::move(pipeline));
  refit(added, now_ns);
  return {};
}

Result<> Topology::remove(std::string_view name, std::uint64_t now_ns) {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end())
    return fail(Errc::not_found, fmt::format("there is no pipeline '{}'", name));
  discard(std::move(known->second), now_ns);
  pipelines_.erase(known);
  bury_finished();
  return {};
}

Result<> Topology::enable(std::string_view name, bool enabled, std::uint64_t now_ns) {
  const auto known = pipelines_.find(name);
  if (known == pipelines_.end())
    return fail(Errc::not_found, fmt::format("there is no pipeline '{}'", name));
  known->second->spec.enabled = enabled;
  refit(*known->second, now_ns);
  return {};
}

// The edges stay, under the new spec; those that it does not have leave.
void Topology::replace(Pipeline& old, std::unique_ptr<Pipeline> fresh, std::uint64_t now_ns) {
  const bool same_ends = old.spec.from == fresh->spec.from && old.spec.to == fresh->spec.to;
  fresh->edges = std::move(old.edges);
  if (fresh->spec.of_switch && old.spec.of_switch) fresh->open = old.open;
  old = std::move(*fresh);
  refit(old, now_ns);
  if (same_ends) return;
  const Plan plan = plan_edges(old.spec.name, old.spec.from, old.spec.to, old.events,
                               [this](auto name) { return list_ports(name); });
  std::vector<EdgeId> wanted;
  for (const EdgePlan& each : plan.edges) wanted.push_back(edge_for(old, each).id);
  drop_leftovers(old, wanted, false, now_ns);
}

void Topology::discard(std::unique_ptr<Pipeline> pipeline, std::uint64_t now_ns) {
  for (auto& edge : pipeline->edges) retire(std::move(edge), now_ns);
}

}  // namespace dkvm::detail
