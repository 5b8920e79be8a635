#include "kernel/rpc/services/logs.hpp"

#include "kernel/log/time.hpp"

#include <dkvm/time.hpp>

#include <algorithm>

namespace dkvm {
namespace {

constexpr std::uint64_t kWaitMsMax = 5000;
constexpr std::size_t kRecordsDefault = 200;

Result<LogLevel> level_of(const Params& params, LogLevel fallback) {
  DKVM_TRY(const std::string text, params.text_or("level", ""));
  if (text.empty()) return fallback;
  if (const auto level = parse_log_level(text)) return *level;
  return fail(Errc::invalid, "'level' must be one of error, warning, info, debug");
}

nlohmann::json describe(const LogPage& records) {
  nlohmann::json list = nlohmann::json::array();
  for (const LogRecord& record : records.records)
    list.push_back({{"sequence", record.sequence},
                    {"time", format_time(record.wall_ns)},
                    {"level", name(record.level)},
                    {"source", record.device.empty() ? "kernel" : record.device},
                    {"text", record.text}});
  return {{"records", std::move(list)}, {"next", records.next_after}, {"lost", records.lost}};
}

Result<LogFilter> filter_of(const Params& params) {
  LogFilter filter;
  DKVM_TRY(filter.level, level_of(params, LogLevel::debug));
  DKVM_TRY(filter.device, params.text_or("device", ""));
  if (filter.device == "kernel") {
    filter.device.clear();
    filter.source = LogFilter::Source::kernel;
  }
  return filter;
}

}  // namespace

Result<std::uint64_t> wait_until(const Params& params, std::uint64_t now) {
  DKVM_TRY(const auto wait_ms, params.number("wait_ms"));
  return now + std::min(wait_ms.value_or(0), kWaitMsMax) * 1'000'000;
}

void LogServices::add_to(ServiceTable& table) {
  table.add_later("log.read", [*this](const ServiceCall&, const Params& params,
                                      const ServiceTable::Respond& respond) {
    const std::uint64_t now = now_ns();
    const auto filter = filter_of(params);
    const auto after = params.number("after");
    const auto limit = params.number("limit");
    const auto until = wait_until(params, now);
    for (const Error* error : {filter ? nullptr : &filter.error(), after ? nullptr : &after.error(),
                               limit ? nullptr : &limit.error(), until ? nullptr : &until.error()})
      if (error != nullptr) return respond(fail(*error));
    const std::size_t most = std::min<std::size_t>(limit->value_or(kRecordsDefault), kLogPageRecordsMax);
    polls.wait(*until, now, [this, filter = *filter, from = after->value_or(0), most,
                             respond](bool last) {
      const LogPage records = log.ring().read(from, filter, most);
      if (records.records.empty() && !last) return false;
      respond(describe(records));
      return true;
    });
  });
  table.add("log.level", [*this](const ServiceCall&, const Params& params) -> Result<nlohmann::json> {
    DKVM_TRY(const LogLevel level, level_of(params, log.level()));
    log.set_level(level);
    return nlohmann::json{{"level", name(level)}};
  });
}

}  // namespace dkvm
