#pragma once

#include "config/error_list.hpp"
#include "config/yaml_document.hpp"
#include "config/yaml_node.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dkvm::detail {

// Thrown through yaml-cpp when there is no point in reading on; the reason is
// in the ErrorList.
struct YamlStop {};

// Builds YamlNodes from the parser's events. Depth, node count and what
// aliases expand to are limited while it grows, not afterwards.
class YamlBuilder final : public YAML::EventHandler {
 public:
  // A list or map that the parser is inside of.
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool flow = false;
    std::optional<std::string> key;  // of the value that comes next
    bool key_refused = false;        // the value that comes next is dropped
    bool key_merges = false;         // the value that comes next is merged
    Location key_at;
    std::unordered_map<std::string, Location> keys;
    std::vector<YamlNode> merges;
  };

  // Life: borrows all three.
  YamlBuilder(const SourceText& source, YamlBudget& budget, ErrorList& errors)
      : source_(source), budget_(budget), errors_(errors) {}

  std::optional<YamlNode> take_root() { return std::move(root_); }
  const std::vector<Frame>& open_frames() const { return frames_; }
  const Location& last_quoted() const { return last_quoted_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { close(); }

 private:
  Location location(const YAML::Mark& mark) const;
  Location location_of_nothing(const YAML::Mark& mark) const;
  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YAML::EmitterStyle::value style);
  void close();
  void add(YamlNode node, YAML::anchor_t anchor);
  void add_key(Frame& frame, YamlNode node);
  void add_value(Frame& frame, YamlNode node);
  void merge(Frame& frame);
  void refuse_tag(const std::string& tag, const Location& at);
  void spend(std::size_t nodes, const Location& at);
  [[noreturn]] void stop(Location at, std::string message);

  const SourceText& source_;
  YamlBudget& budget_;
  ErrorList& errors_;
  std::optional<YamlNode> root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  Location last_quoted_;
};

}  // namespace dkvm::detail
