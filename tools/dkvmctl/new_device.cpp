#include "config/address.hpp"
#include "tools/dkvmctl/ctl.hpp"
#include "tools/dkvmctl/new_file.hpp"
#include "tools/dkvmctl/shared_files.hpp"
#include "tools/dkvmctl/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

namespace dkvm::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".in";  // of templates

struct NewDeviceOptions {
  std::string name;
  std::string kind = "source";
  std::string folder = ".";
};

// What CMake calls its own, and kvm.yaml the kernel's.
std::string check_name(const std::string& name) {
  if (const auto complaint = name_complaint(name)) return *complaint;
  for (const char* taken : {"all", "clean", "control", "help", "install", "kernel", "keyboard",
                            "link", "test", "typed"})
    if (name == taken)
      return fmt::format("'{}' means something else in its project or in kvm.yaml", name);
  return {};
}

struct File {
  fs::path name;  // in the project
  std::string text;
  mode_t mode;
};

// Those of `from`, filled, behind those that are there.
Result<> add_files(const fs::path& from, const std::map<std::string, std::string>& values,
                   std::vector<File>& files) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(from, error)) {
    std::string name = fs::relative(entry.path(), from).string();
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) return fail(Errc::denied, fmt::format("cannot read {}", entry.path().string()));
    files.push_back({name, filled(text, values), text.starts_with("#!") ? 0755u : 0644u});
  }
  if (!error) return {};
  return fail(Errc::not_found, fmt::format("{}: {}", from.string(), error.message()));
}

Result<std::vector<File>> project_of(const NewDeviceOptions& options) {
  DKVM_TRY(const fs::path shared, shared_folder());
  const fs::path templates = shared / "templates" / "device";
  const std::map<std::string, std::string> values = {{"NAME", options.name},
                                                     {"CLASS", class_name_of(options.name)}};
  std::vector<File> files;
  for (const std::string& part : {std::string("common"), options.kind})
    DKVM_CHECK(add_files(templates / part, values, files));
  std::ranges::sort(files, {}, &File::name);
  return files;
}

Result<> make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::create_directories(folder.parent_path(), error); error)
    return fail(Errc::denied,
                fmt::format("making {}: {}", folder.parent_path().string(), error.message()));
  if (fs::create_directory(folder, error)) return {};
  if (error)
    return fail(Errc::denied, fmt::format("making {}: {}", folder.string(), error.message()));
  return fail(Errc::invalid,
              fmt::format("{} is there already, and stays as it is: expected a name or a --dir "
                          "where there is nothing yet",
                          folder.string()));
}

Result<> write_project(const fs::path& folder, const std::vector<File>& files) {
  DKVM_CHECK(make_folder(folder));
  for (const File& file : files) {
    std::error_code ignored;  // writing into it says so
    fs::create_directories((folder / file.name).parent_path(), ignored);
    DKVM_CHECK(write_new_file(folder / file.name, file.text, IfThere::refuse, file.mode));
  }
  return {};
}

Result<> make(Screen& screen, const NewDeviceOptions& options) {
  const fs::path folder = (fs::absolute(options.folder) / options.name).lexically_normal();
  DKVM_TRY(const auto files, project_of(options));
  DKVM_CHECK(write_project(folder, files));
  Json names = Json::array();
  for (const File& file : files) names.push_back(file.name.string());
  if (screen.json()) {
    screen.document({{"folder", folder.string()}, {"kind", options.kind}, {"files", names}});
  } else {
    screen.print(
        fmt::format("made {}: {}\n\n"
                    "cd {}\n"
                    "cmake -B build && cmake --build build\n"
                    "ctest --test-dir build\n"
                    "dkvm-kernel --config build/kvm.yaml\n",
                    folder.string(), joined(names), folder.string()));
  }
  return {};
}

}  // namespace

void add_new_device(CLI::App& app, LocalCommand& chosen) {
  auto* command =
      app.add_subcommand("new-device", "A project for a device of one's own")->group(kGroupMake);
  const auto options = std::make_shared<NewDeviceOptions>();  // as long as the parser's callback
  command->add_option("NAME", options->name, "of the device and its folder, such as acme-pedal")
      ->required()
      ->check(check_name);
  command->add_option("--kind", options->kind, "what it does with keys: send, take or both")
      ->check(CLI::IsMember({"source", "sink", "both"}))
      ->type_name("KIND")
      ->capture_default_str();
  command->add_option("--dir", options->folder, "where to make the folder; else here")
      ->type_name("DIR");
  command->callback([&chosen, options] { chosen = local_command(options, make); });
}

}  // namespace dkvm::ctl
