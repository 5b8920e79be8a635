#pragma once

#include <dkvm/config.hpp>
#include <dkvm/result.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>

namespace dkvm::codec {

// What a codec is told beyond our own keys: the map `options` of the configuration,
// whose values are texts, numbers or booleans.
// Errors: Errc::invalid.
Result<std::map<std::string, std::string>> read_options(const ConfigReader& config);

// The JSON object of a call's body.
// Errors: Errc::invalid for anything else, and for a key that is none of `keys`.
Result<nlohmann::json> read_body(const std::string& body, std::initializer_list<const char*> keys);

// A whole number of a body, when it is there.
// Errors: Errc::invalid with the limits.
Result<std::optional<std::uint64_t>> read_number(const nlohmann::json& body, const char* key,
                                                 std::uint64_t least, std::uint64_t most);

}  // namespace dkvm::codec
