#include "config/yaml_builder.hpp"

#include "config/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dkvm::detail {
namespace {

// yaml-cpp's tags of scalars without one.
constexpr std::string_view kPlainTag = "?";
constexpr std::string_view kQuotedTag = "!";
constexpr std::string_view kTextTag = "tag:yaml.org,2002:str";
constexpr std::string_view kMergeKey = "<<";

struct Size {
  std::size_t nodes = 1;
  std::size_t depth = 1;
};

Size measure(const YamlNode& node) {
  Size size;
  const auto include = [&size](const YamlNode& child) {
    const Size inner = measure(child);
    size.nodes += inner.nodes;
    size.depth = std::max(size.depth, inner.depth + 1);
  };
  for (const YamlNode& item : node.items) include(item);
  for (const YamlEntry& entry : node.entries) include(entry.value);
  return size;
}

std::string where(const Location& at) {
  return fmt::format("line {}, column {}", at.line, at.column);
}

}  // namespace

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::scalar: return in_quotes(node.text);
    case YamlNode::Kind::sequence: return "a list";
    case YamlNode::Kind::map: return "a map";
  }
  return "nothing";
}

void YamlBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (root_)
    stop(location(mark),
         "a second document begins here, expected one document in the file "
         "(is the indentation right?)");
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  YamlNode node;
  node.at = location_of_nothing(mark);
  add(std::move(node), anchor);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.at = location(mark);
  node.plain = tag == kPlainTag || tag.empty();
  node.text = value;
  if (tag == kQuotedTag) last_quoted_ = node.at;
  if (!node.plain && tag != kQuotedTag && tag != kTextTag) refuse_tag(tag, node.at);
  if (value.find('\0') != std::string::npos)
    errors_.add(node.at, "a text holds the character NUL, expected text");
  add(std::move(node), anchor);
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  open(YamlNode::Kind::sequence, mark, tag, anchor, style);
}

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value style) {
  open(YamlNode::Kind::map, mark, tag, anchor, style);
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Location at = location(mark);
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) stop(at, "an alias inside of what it stands for, expected no loop");
  const Size size = measure(found->second);
  if (frames_.size() + size.depth > kConfigNestingMax)
    stop(at,
         fmt::format("nested more than {} deep with this alias, expected less", kConfigNestingMax));
  spend(size.nodes, at);
  YamlNode copy = found->second;
  copy.at = at;
  add(std::move(copy), 0);
}

Location YamlBuilder::location(const YAML::Mark& mark) const {
  return source_.locate(mark.line, mark.column);
}

// Where there is no text the parser names what comes next; people look at the
// '-' or ',' before it.
Location YamlBuilder::location_of_nothing(const YAML::Mark& mark) const {
  const Location at = location(mark);
  const std::string_view rest = source_.from(at);
  const bool is_written = rest.starts_with('~') || rest.starts_with("null") ||
                          rest.starts_with("Null") || rest.starts_with("NULL");
  if (is_written || frames_.empty() || !frames_.back().node.is_sequence()) return at;
  const std::string_view before = std::string_view(source_.text()).substr(0, source_.offset(at));
  const std::size_t last = before.find_last_not_of(" \n");
  const bool is_mark = last != std::string_view::npos &&
                       std::string_view("-,[").find(before[last]) != std::string_view::npos;
  return is_mark ? source_.locate(last) : at;
}

void YamlBuilder::open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  const Location at = location(mark);
  if (frames_.size() >= kConfigNestingMax)
    stop(at, fmt::format("nested more than {} deep, expected less", kConfigNestingMax));
  if (tag != kPlainTag && !tag.empty()) refuse_tag(tag, at);
  Frame frame;
  frame.node.kind = kind;
  frame.node.at = at;
  frame.anchor = anchor;
  frame.flow = style == YAML::EmitterStyle::Flow;
  frames_.push_back(std::move(frame));
}

void YamlBuilder::close() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  merge(frame);
  add(std::move(frame.node), frame.anchor);
}

void YamlBuilder::add(YamlNode node, YAML::anchor_t anchor) {
  spend(1, node.at);
  if (anchor != 0) {
    spend(measure(node).nodes, node.at);
    anchors_[anchor] = node;
  }
  if (frames_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = frames_.back();
  if (frame.node.is_sequence())
    frame.node.items.push_back(std::move(node));
  else if (frame.key || frame.key_refused)
    add_value(frame, std::move(node));
  else
    add_key(frame, std::move(node));
}

void YamlBuilder::add_key(Frame& frame, YamlNode node) {
  frame.key_at = node.at;
  frame.key_merges = node.plain && node.text == kMergeKey;
  frame.key_refused = !node.is_scalar() || node.text.empty();
  if (frame.key_refused) {
    errors_.add(node.at, fmt::format("a key is {}, expected text",
                                     node.is_scalar() ? "empty" : describe(node)));
    return;
  }
  if (!frame.key_merges) {
    const auto [first, is_new] = frame.keys.try_emplace(node.text, node.at);
    frame.key_refused = !is_new;
    if (!is_new)
      errors_.add(node.at, fmt::format("the key {} is there twice, expected it once (the first is "
                                       "at {})",
                                       in_quotes(node.text), where(first->second)));
  }
  frame.key = std::move(node.text);
}

void YamlBuilder::add_value(Frame& frame, YamlNode node) {
  if (node.is_null()) node.at = frame.key_at;  // there is no text to point at
  const bool refused = std::exchange(frame.key_refused, false);
  std::string key = std::exchange(frame.key, std::nullopt).value_or("");
  if (refused) return;
  if (!frame.key_merges) {
    frame.node.entries.push_back({std::move(key), frame.key_at, std::move(node)});
    return;
  }
  std::vector<YamlNode> maps = node.is_sequence() ? std::move(node.items) : std::vector{node};
  for (YamlNode& map : maps) {
    if (map.is_map())
      frame.merges.push_back(std::move(map));
    else
      errors_.add(map.at, fmt::format("'<<' is {}, expected a map or a list of maps to merge",
                                      describe(map)));
  }
}

// Keys that the map does not have itself; of two merged maps the first wins.
void YamlBuilder::merge(Frame& frame) {
  for (YamlNode& map : frame.merges)
    for (YamlEntry& entry : map.entries)
      if (frame.keys.try_emplace(entry.key, entry.key_at).second)
        frame.node.entries.push_back(std::move(entry));
}

void YamlBuilder::refuse_tag(const std::string& tag, const Location& at) {
  errors_.add(at, fmt::format("the tag {}, expected a value without a tag (only !!str is known)",
                              in_quotes(tag)));
}

void YamlBuilder::spend(std::size_t nodes, const Location& at) {
  if (nodes > budget_.nodes_left)
    stop(at, fmt::format("more than {} values with all aliases expanded, expected less",
                         kConfigNodesMax));
  budget_.nodes_left -= nodes;
}

void YamlBuilder::stop(Location at, std::string message) {
  errors_.add(std::move(at), std::move(message));
  throw YamlStop{};
}

}  // namespace dkvm::detail
