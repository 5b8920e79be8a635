#pragma once

#include <dkvm/result.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace dkvm::metrics {

using Json = nlohmann::json;

// A call that brought nothing.
struct CallFailure {
  std::string target;
  std::string method;
  Error error;
};

// What the kernel and its links said at one time, as they said it. A list whose call
// failed is empty, and the failure is there.
struct Snapshot {
  Json kernel;  // of kernel.info; null when it did not answer
  Json devices = Json::array();
  Json pipelines = Json::array();
  Json edges = Json::array();
  Json bounds_us = Json::array();  // of the buckets of edges
  Json switches = Json::array();
  Json memory;  // of memory.stats, without its pools; null when it did not answer
  Json pools = Json::array();
  Json links = Json::array();  // each with the `device` that makes it
  std::vector<CallFailure> failures;
  double collect_s = 0;
};

}  // namespace dkvm::metrics
