#include "pipelines/stages/remap.hpp"

#include "pipelines/stages/input_code.hpp"

#include <dkvm/codes.hpp>

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <string>

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

Result<std::uint16_t> code_of(std::string_view text) {
  const auto code = code_from_name(text);
  if (!code || *code == 0)
    return fail(Errc::invalid, fmt::format("remap: '{}' is no evdev code to map", text));
  return *code;
}

}  // namespace

Result<> check_remap(const nlohmann::json& arguments) {
  if (!arguments.is_object() || arguments.empty())
    return fail(Errc::invalid, "remap expects a table of codes, as {KEY_CAPSLOCK: KEY_LEFTCTRL}");
  for (const auto& [from, to] : arguments.items()) {
    DKVM_CHECK(code_of(from));
    if (!to.is_string())
      return fail(Errc::invalid, fmt::format("remap: '{}' must become the name of a code, not {}",
                                             from, to.dump()));
    const auto& target = to.get_ref<const std::string&>();
    DKVM_CHECK(code_of(target));
    if (from.substr(0, 4) != target.substr(0, 4))
      return fail(Errc::invalid,
                  fmt::format("remap: '{}' cannot become '{}': keys become keys, buttons buttons",
                              from, target));
  }
  return {};
}

Result<std::unique_ptr<Stage>> make_remap(const nlohmann::json& arguments, const TopicResolver&) {
  DKVM_CHECK(check_remap(arguments));
  return std::make_unique<Remap>(arguments);
}

}  // namespace dkvm
