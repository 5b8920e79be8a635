#include "devices/dummy/recorder.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace dkvm::dummy {

void Recorder::declare(Device& device) {
  device.option({.name = "file",
                 .type = ValueType::path,
                 .help = "where the events go, in JSON Lines",
                 .required = true});
  device.option({.name = "mode",
                 .fallback = "append",
                 .help = "continue the file, or begin anew with every start of the kernel",
                 .choices = {"append", "truncate"}});
  device.option({.name = "sync",
                 .type = ValueType::boolean,
                 .fallback = "false",
                 .help = "wait for the disk before an event counts as applied"});
  device.on_cleanup([this, &device](std::span<const std::uint16_t> codes) -> Result<> {
    DKVM_CHECK(open(ConfigReader(device.manifest().keys), JsonlFile::Begin::append));
    return release(codes);
  });
}

Result<> Recorder::start(Context& context) {
  context_ = &context;
  DKVM_TRY(const std::string mode, context.config().text("mode"));
  DKVM_TRY(sync_, context.config().flag("sync"));
  // A device that died and is started again goes on where it was.
  const bool anew = mode == "truncate" && context.incarnation() <= 1;
  return open(context.config(), anew ? JsonlFile::Begin::anew : JsonlFile::Begin::append);
}

Result<> Recorder::open(const ConfigReader& config, JsonlFile::Begin begin) {
  DKVM_TRY(const std::string path, config.text("file"));
  DKVM_TRY(file_, JsonlFile::open(path, family_, begin));
  if (file_->has_records()) {
    const std::uint64_t passed = file_->last_time_ns() + file_->age_ns();
    begin_ns_ = now_ns() - passed;  // may wrap around: only differences count
  }
  return {};
}

Result<> Recorder::flush() {
  if (!file_) return {};
  DKVM_CHECK(file_->flush());
  return sync_ ? file_->sync() : Result<>{};
}

void Recorder::let_go() {
  if (!file_) return;
  const std::vector<std::uint16_t> down = held_.codes();
  if (const auto released = release(down); !released) context_->finish(released.error());
}

Result<> Recorder::release(std::span<const std::uint16_t> codes) {
  for (const std::uint16_t code : codes) {
    const Record up = release_of(family_, code, time_of(now_ns()));
    DKVM_CHECK(file_->append(up));
    note_held(held_, up);
  }
  return flush();
}

void Recorder::append(const Record& record) {
  note_held(held_, record);
  const auto appended = file_->append(record);
  if (appended) return;
  if (appended.error().code() == Errc::invalid) return log_warning(appended.error().message());
  context_->finish(appended.error());
}

std::uint64_t Recorder::time_of(std::uint64_t capture_ns) {
  if (!begin_ns_) begin_ns_ = capture_ns;
  const auto since_begin = static_cast<std::int64_t>(capture_ns - *begin_ns_);
  const auto earliest = static_cast<std::int64_t>(file_->last_time_ns());
  return static_cast<std::uint64_t>(std::max(since_begin, earliest));
}

}  // namespace dkvm::dummy
