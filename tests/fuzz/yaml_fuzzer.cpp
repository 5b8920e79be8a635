#include "config/loader.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// A configuration file from a stranger. Whatever it holds, the loader answers
// with a Config or with errors that say where; it throws nothing and reads no
// other file.
namespace {

void require(bool true_by_contract) {
  if (!true_by_contract) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dkvm::LoadOptions options;
  options.includes = false;
  const auto config = dkvm::load_config_text(text, "fuzz.yaml", options);
  if (!config) {
    require(!config.error().empty());
    require(config.error().size() <= dkvm::kConfigErrorsMax + 1);
    for (const auto& error : config.error()) require(!error.message.empty());
  }
  [[maybe_unused]] const auto pipeline = dkvm::parse_pipeline_text(text, "fuzz.json");
  return 0;
}
