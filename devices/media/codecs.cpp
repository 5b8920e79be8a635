#include "devices/media/codecs.hpp"

#include "devices/media/raw_file.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

namespace dkvm::media {
namespace {

constexpr const char* kModuleName = "dkvm-media.so";

bool is_raw(const std::string& path) { return path.ends_with(".raw"); }

std::string what_failed() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown" : text;
}

}  // namespace

Result<const Codecs*> load_codecs() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return fail(Errc::internal, "finding the own program: " + error.message());
  return load_codecs(program.parent_path());
}

Result<const Codecs*> load_codecs(const std::string& directory) {
  const std::string path = directory + "/" + kModuleName;
  void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: see Life
  if (module == nullptr)
    return fail(Errc::unsupported, "loading the codecs: " + what_failed() + "; expected " +
                                       kModuleName + " beside the device's program");
  void* const entry = ::dlsym(module, "dkvm_media_codecs");
  if (entry == nullptr) return fail(Errc::unsupported, "loading the codecs: " + what_failed());
  return reinterpret_cast<decltype(&dkvm_media_codecs)>(entry)();
}

Result<> check_pictures(const std::string& path) {
  DKVM_CHECK(check_can_be_made(path));
  if (is_raw(path)) return {};
  DKVM_TRY(const Codecs* codecs, load_codecs());
  return codecs->check_writable(path);
}

Result<std::unique_ptr<PictureReader>> read_pictures(const std::string& path,
                                                     const PictureWish& wish) {
  if (is_raw(path)) return read_raw_pictures(path, wish);
  DKVM_TRY(const Codecs* codecs, load_codecs());
  return codecs->read_pictures(path, wish);
}

Result<std::unique_ptr<PictureWriter>> write_pictures(const std::string& path, double rate,
                                                      Begin begin) {
  if (is_raw(path)) return write_raw_pictures(path, begin);
  DKVM_TRY(const Codecs* codecs, load_codecs());
  return codecs->write_pictures(path, rate, begin);
}

}  // namespace dkvm::media
