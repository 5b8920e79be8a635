#pragma once

#include <dkvm/result.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dkvm::dummy {

using ReportValue = std::variant<std::uint64_t, std::string>;

// Writes what a device has counted as one JSON object, for scripts and tests.
// Whoever finds the file finds all of it.
// Errors: Errc::not_found, Errc::exhausted, with the path.
Result<> write_report(const std::string& path,
                      std::initializer_list<std::pair<std::string_view, ReportValue>> values);

}  // namespace dkvm::dummy
