#include "devices/dummy/report.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace dkvm::dummy {

Result<> write_report(const std::string& path,
                      std::initializer_list<std::pair<std::string_view, ReportValue>> values) {
  nlohmann::ordered_json report = nlohmann::ordered_json::object();
  for (const auto& [name, value] : values)
    std::visit([&, key = std::string(name)](const auto& known) { report[key] = known; }, value);
  const auto failed = [&path](Errc code, const char* doing) {
    return fail(code, std::string(doing) + " '" + path + "': " + std::strerror(errno));
  };
  const std::string unfinished = path + ".part";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  if (!file) return failed(Errc::not_found, "opening");
  file << report.dump() << "\n";
  file.close();
  if (!file) return failed(Errc::exhausted, "writing");
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return failed(Errc::internal, "naming");
  return {};
}

}  // namespace dkvm::dummy
