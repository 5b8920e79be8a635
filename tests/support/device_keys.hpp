#pragma once

#include "tests/support/fake_kernel.hpp"

#include <dkvm/config.hpp>

#include <map>
#include <string>

namespace dkvm::test {

// The environment in which a device finds these configuration keys, beside others.
inline FakeKernel::Environment keys(const std::map<std::string, std::string>& config,
                                    FakeKernel::Environment environment = {}) {
  for (const auto& [key, value] : config) environment[ConfigReader::variable_of(key)] = value;
  return environment;
}

}  // namespace dkvm::test
