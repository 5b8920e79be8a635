#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dkvm::detail {

// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

// The candidate closest to what was written, when it is close enough to be a
// slip; empty otherwise.
std::string_view closest(std::string_view written, std::span<const std::string_view> candidates);

// ` (did you mean 'x'?)`, or empty.
std::string did_you_mean(std::string_view written, std::span<const std::string_view> candidates);

// `a, b or c`.
std::string one_of(std::span<const std::string_view> choices);

// 'text' for a message: control characters as '?', cut after some 40 characters.
std::string in_quotes(std::string_view text);

}  // namespace dkvm::detail
