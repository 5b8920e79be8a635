#pragma once

#include "config/suggest.hpp"

#include <dkvm/result.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dkvm {

// The parameters of a call: a JSON object whose fields are read by name and
// type. A field that the method does not know is refused: what a caller asks
// for is done or answered with an error, never left out.
// Errors: Errc::invalid, naming the field and what was expected.
class Params {
 public:
  static Result<Params> parse(std::string_view body, std::span<const std::string_view> fields) {
    if (body.empty()) return Params(nlohmann::json::object());
    auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object()) return fail(Errc::invalid, "the body of a call must be a JSON object");
    for (const auto& member : json.items())
      if (std::ranges::find(fields, member.key()) == fields.end())
        return fail(unknown(member.key(), fields));
    return Params(std::move(json));
  }

  const nlohmann::json* find(const char* field) const {
    const auto found = json_.find(field);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  Result<std::string> text(const char* field) const {
    const auto* value = find(field);
    if (value == nullptr || !value->is_string())
      return fail(Errc::invalid, fmt::format("'{}' must be given, as a text", field));
    return value->get<std::string>();
  }

  Result<std::string> text_or(const char* field, std::string fallback) const {
    return find(field) == nullptr ? Result<std::string>(std::move(fallback)) : text(field);
  }

  Result<std::optional<std::uint64_t>> number(const char* field) const {
    const auto* value = find(field);
    if (value == nullptr) return std::optional<std::uint64_t>{};
    if (!value->is_number_unsigned())
      return fail(Errc::invalid, fmt::format("'{}' must be a whole number from 0", field));
    return std::optional<std::uint64_t>(value->get<std::uint64_t>());
  }

  Result<bool> flag(const char* field) const {
    const auto* value = find(field);
    if (value == nullptr) return false;
    if (!value->is_boolean())
      return fail(Errc::invalid, fmt::format("'{}' must be true or false", field));
    return value->get<bool>();
  }

 private:
  explicit Params(nlohmann::json json) : json_(std::move(json)) {}

  static Error unknown(std::string_view field, std::span<const std::string_view> fields) {
    const std::string hint = detail::did_you_mean(field, fields);
    return Error(Errc::invalid,
                 fmt::format("there is no parameter {}, expected {}{}", detail::in_quotes(field),
                             fields.empty() ? "none" : detail::one_of(fields), hint));
  }

  nlohmann::json json_;
};

}  // namespace dkvm
