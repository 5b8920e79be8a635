#include "config/map_reader.hpp"
#include "config/read_sections.hpp"
#include "config/suggest.hpp"
#include "config/yaml_values.hpp"

#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dkvm::detail {
namespace {

// Enumerators in order, so that the index of a choice is its value.
constexpr std::array<std::string_view, 6> kQueuePolicies = {"lossless",    "coalesce", "latest",
                                                            "drop-oldest", "deltas",   "block"};
constexpr std::string_view kOff = "off";

std::vector<TopicConfig> read_events(const YamlNode& node, ErrorList& errors) {
  const Values values{errors};
  std::vector<TopicConfig> topics;
  const auto items = items_of(node);
  if (items.empty() || items.size() > kTopicsPerPortMax)
    errors.add(node.at, fmt::format("'events' has {} topics, expected 1 to {} (without 'events' "
                                    "all pass)",
                                    items.size(), kTopicsPerPortMax));
  for (const YamlNode* item : items) {
    auto text = values.text(*item, "events");
    if (!text) continue;
    if (text->empty() || text->size() > kNameBytesMax) {
      errors.add(item->at, fmt::format("a topic in 'events' has {} bytes, expected 1 to {}",
                                       text->size(), kNameBytesMax));
      continue;
    }
    const auto same = [&](const TopicConfig& topic) { return topic.name == *text; };
    if (std::any_of(topics.begin(), topics.end(), same))
      errors.add(item->at,
                 fmt::format("{} is in 'events' twice, expected it once", in_quotes(*text)));
    topics.push_back({std::move(*text), item->at});
  }
  return topics;
}

std::vector<StageConfig> read_stages(const YamlNode& node, ErrorList& errors) {
  const Values values{errors};
  std::vector<StageConfig> stages;
  if (!node.is_sequence()) {
    values.wrong(node, "via", "expected a list of stages such as [{remap: {KEY_A: KEY_B}}]");
    return stages;
  }
  if (node.items.size() > kStagesPerPipelineMax)
    errors.add(node.at, fmt::format("'via' has {} stages, expected at most {}", node.items.size(),
                                    kStagesPerPipelineMax));
  for (const YamlNode& item : node.items) {
    if (!item.is_map() || item.entries.size() != 1) {
      errors.add(item.at,
                 item.is_map() && !item.entries.empty()
                     ? fmt::format("a stage has {} keys, expected its name alone: each stage is an "
                                   "item of the list",
                                   item.entries.size())
                     : fmt::format("a stage is {}, expected a map such as {{remap: {{KEY_A: "
                                   "KEY_B}}}}",
                                   item.is_map() ? "empty" : describe(item)));
      continue;
    }
    const YamlEntry& entry = item.entries[0];
    stages.push_back({entry.key, values.json(entry.value), entry.key_at});
  }
  return stages;
}

QueueConfig read_queue(const YamlNode& node, ErrorList& errors) {
  QueueConfig queue;
  queue.at = node.at;
  const Values values{errors};
  MapReader reader(node, "'queue'", errors);
  if (const auto* policy = reader.take("policy")) {
    queue.policy_at = policy->at;
    if (const auto index = values.choice(*policy, "queue.policy", kQueuePolicies))
      queue.policy = static_cast<QueueConfig::Policy>(*index);
  }
  if (const auto* depth = reader.take("depth"))
    if (const auto value = values.integer(*depth, "queue.depth", 1, kConfigQueueDepthMax))
      queue.depth = static_cast<std::uint32_t>(*value);
  if (const auto* age = reader.take("max_age")) {
    if (age->is_scalar() && age->text == kOff)
      queue.max_age = std::chrono::milliseconds(0);
    else
      queue.max_age = values.duration(*age, "queue.max_age", kQueueAgeMin, kQueueAgeMax);
  }
  reader.finish();
  return queue;
}

}  // namespace

std::vector<Address> read_addresses(const YamlNode& node, std::string_view what,
                                    ErrorList& errors) {
  const Values values{errors};
  std::vector<Address> addresses;
  const auto items = items_of(node);
  if (items.empty() || items.size() > kAddressesPerPipelineMax)
    errors.add(node.at, fmt::format("'{}' has {} addresses, expected 1 to {}", what, items.size(),
                                    kAddressesPerPipelineMax));
  for (const YamlNode* item : items) {
    const auto text = values.text(*item, what);
    if (!text) continue;
    auto address = parse_address(*text);
    if (!address) {
      errors.add(item->at, fmt::format("'{}': {}", what, address.error().message()));
      continue;
    }
    address->at = item->at;
    if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end())
      errors.add(item->at,
                 fmt::format("{} is in '{}' twice, expected it once", in_quotes(*text), what));
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

PipelineConfig read_pipeline(const YamlNode& node, ErrorList& errors) {
  PipelineConfig pipeline;
  pipeline.at = node.at;
  const Values values{errors};
  const YamlNode* name = node.find("name");
  MapReader reader(node,
                   name != nullptr && name->is_scalar()
                       ? fmt::format("pipeline {}", in_quotes(name->text))
                       : "a pipeline",
                   errors);
  if (reader.require("name", node.at) != nullptr) {
    pipeline.at = name->at;
    pipeline.name = values.name(*name, "pipeline name").value_or("");
  }
  if (const auto* from = reader.require("from", pipeline.at))
    pipeline.from = read_addresses(*from, "from", errors);
  if (const auto* to = reader.require("to", pipeline.at))
    pipeline.to = read_addresses(*to, "to", errors);
  if (const auto* events = reader.take("events")) pipeline.events = read_events(*events, errors);
  if (const auto* via = reader.take_filled("via")) pipeline.via = read_stages(*via, errors);
  if (const auto* queue = reader.take("queue")) pipeline.queue = read_queue(*queue, errors);
  if (const auto* enabled = reader.take("enabled"))
    pipeline.enabled = values.boolean(*enabled, "enabled").value_or(true);
  reader.finish();
  // `link/peer` stands for the stream named like the pipeline.
  for (auto* addresses : {&pipeline.from, &pipeline.to})
    for (Address& address : *addresses)
      if (address.is_link() && address.port.find('/') == std::string::npos)
        address.port += '/' + pipeline.name;
  return pipeline;
}

}  // namespace dkvm::detail
