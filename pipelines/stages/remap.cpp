#include "pipelines/stages/remap.hpp"

#include "pipelines/stages/input_code.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <string>
#include <utility>

namespace dkvm {
namespace {

class Remap final : public Stage {
 public:
  explicit Remap(const nlohmann::json& table) {
    std::iota(codes_.begin(), codes_.end(), std::uint16_t{0});
    for (const auto& [from, to] : table.items())
      codes_[*code_from_name(from)] = *code_from_name(to.get_ref<const std::string&>());
  }

  bool pass(TopicId topic, std::span<std::byte> payload) override {
    if (topic == id_of(wire::Topic::input_state)) {
      remap_pressed(payload);
      return true;
    }
    const std::uint16_t code = detail::input_code(topic, payload);
    if (code == detail::kNoCode) return true;
    const std::uint16_t mapped = output(code);
    return mapped == code || detail::set_input_code(topic, payload, mapped);
  }

 private:
  std::uint16_t output(std::uint16_t code) const {
    return code < codes_.size() ? codes_[code] : code;
  }

  void remap_pressed(std::span<std::byte> payload) const {
    auto* pressed =
        flatbuffers::GetMutableRoot<wire::InputState>(payload.data())->mutable_pressed();
    if (pressed == nullptr) return;
    for (flatbuffers::uoffset_t i = 0; i < pressed->size(); ++i)
      pressed->Mutate(i, output(pressed->Get(i)));
  }

  std::array<std::uint16_t, kInputCodesMax> codes_{};
};

// Code 0 has no room in a payload, and is no key that anybody presses.
ArgumentComplaints check_code(const std::string& text) {
  if (code_from_name(text) != std::uint16_t{0}) return check_code_name(text);
  return {{.what = shown_argument(text) + " cannot be mapped",
           .expected = "the name of a key or button such as KEY_A or BTN_LEFT"}};
}

// One entry of the table.
ArgumentComplaints check_entry(const std::string& from, const nlohmann::json& to) {
  ArgumentComplaints complaints = check_code(from);
  for (ArgumentComplaint& complaint : complaints) complaint.of_key = true;
  const bool from_known = complaints.empty();
  if (!to.is_string()) {
    complaints.push_back(
        {.what = fmt::format("{} becomes {}", shown_argument(from), shown_argument(to)),
         .expected = "the name of a key or button such as KEY_A or BTN_LEFT"});
    return complaints;
  }
  const auto& target = to.get_ref<const std::string&>();
  const ArgumentComplaints of_target = check_code(target);
  if (from_known && of_target.empty() && from.substr(0, 4) != target.substr(0, 4))
    complaints.push_back({.what = fmt::format("'{}' cannot become '{}'", from, target),
                          .expected = "a key for a key and a button for a button"});
  complaints.insert(complaints.end(), of_target.begin(), of_target.end());
  return complaints;
}

}  // namespace

ArgumentComplaints check_remap(const nlohmann::json& arguments) {
  if (!arguments.is_object() || arguments.empty())
    return {{.what = "the arguments are " + shown_argument(arguments),
             .expected = "a map of codes such as {KEY_CAPSLOCK: KEY_LEFTCTRL}"}};
  ArgumentComplaints complaints;
  for (const auto& [from, to] : arguments.items())
    for (ArgumentComplaint& complaint : check_entry(from, to)) {
      complaint.pointer = pointer_to(from);
      complaints.push_back(std::move(complaint));
    }
  return complaints;
}

Result<std::unique_ptr<Stage>> make_remap(const nlohmann::json& arguments, const TopicResolver&) {
  return std::make_unique<Remap>(arguments);
}

}  // namespace dkvm
