#pragma once

#include "tools/dkvmctl/sample.hpp"
#include "tools/dkvmctl/style.hpp"

#include <array>
#include <optional>
#include <string>

// How `stats` and `top` show a kernel at work.
namespace dkvm::ctl {

enum class SortBy { name, cpu, memory, rate, drops, latency };

struct SortKey {
  SortBy by;
  char key;  // in top
  const char* name;
};

inline constexpr std::array kSortKeys = {
    SortKey{SortBy::name, 'n', "name"},     SortKey{SortBy::cpu, 'c', "cpu"},
    SortKey{SortBy::memory, 'm', "memory"}, SortKey{SortBy::rate, 'r', "rate"},
    SortKey{SortBy::drops, 'd', "drops"},   SortKey{SortBy::latency, 'l', "latency"},
};

std::optional<SortBy> sort_named(const std::string& name);
std::optional<SortBy> sort_of_key(char key);

// A line or more: name, how long, processor, memory, events, who has the input.
std::string kernel_lines(const Sample& now, const Rates& rates);

// A line for each device, those with the most first; of the same in the order of names.
std::string device_lines(const Sample& now, const Rates& rates, SortBy by, const Style& style);

// A line for each edge, in the order of pipelines.
std::string edge_lines(const Sample& now, const Rates& rates, const Style& style);

// All of it, for programs.
Json overview_json(const Sample& now, const Rates& rates);

}  // namespace dkvm::ctl
