#include "tests/e2e/metrics/scraped.hpp"

namespace dkvm::test {

std::string metrics_yaml(std::uint16_t port, const std::string& links) {
  std::string yaml =
      "  metrics:\n"
      "    type: metrics\n"
      "    restart: {initial: 50ms, factor: 1}\n"
      "    config: {listen: \"127.0.0.1:" +
      std::to_string(port) +
      "\"}\n"
      "    grants:\n"
      "      - {target: kernel, methods: [kernel.info, devices.list, pipelines.list, "
      "pipelines.edges, pipelines.switches, memory.stats]}\n";
  if (!links.empty()) yaml += "      - {target: " + links + ", methods: [links.list]}\n";
  return yaml;
}

}  // namespace dkvm::test
