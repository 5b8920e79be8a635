#include "kernel/rpc/services/logs.hpp"

#include "config/suggest.hpp"
#include "kernel/log/time.hpp"
#include "kernel/rpc/services/devices.hpp"

#include <dkvm/time.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace dkvm {
namespace {

constexpr std::uint64_t kWaitMsMax = 5000;
constexpr std::size_t kRecordsDefault = 200;

Result<RecordLevel> level_of(const Params& params, RecordLevel fallback) {
  DKVM_TRY(const std::string text, params.text_or("level", ""));
  if (text.empty()) return fallback;
  if (const auto level = parse_log_level(text)) return *level;
  return fail(Errc::invalid,
              fmt::format("'level' is {}, expected error, warning, notice, info or debug",
                          detail::in_quotes(text)));
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

}  // namespace

Result<std::uint64_t> wait_until(const Params& params, std::uint64_t now) {
  DKVM_TRY(const auto wait_ms, params.number("wait_ms"));
  return now + std::min(wait_ms.value_or(0), kWaitMsMax) * 1'000'000;
}

Result<LogFilter> LogServices::filter_of(const Params& params) const {
  LogFilter filter;
  DKVM_TRY(filter.level, level_of(params, RecordLevel::debug));
  DKVM_TRY(filter.device, params.text_or("device", ""));
  if (filter.device == "kernel") {
    filter.device.clear();
    filter.source = LogFilter::Source::kernel;
  }
  if (filter.device.empty() || devices.has_device(filter.device)) return filter;
  // One that is no longer configured may have left something.
  if (log.ring().tail(filter.device, 1, 1).empty()) return fail(no_device(filter.device, devices));
  return filter;
}

Result<LogServices::Query> LogServices::query_of(const Params& params, std::uint64_t now) const {
  Query query;
  DKVM_TRY(query.filter, filter_of(params));
  DKVM_TRY(const auto after, params.number("after"));
  DKVM_TRY(const auto last, params.number("last"));
  DKVM_TRY(const auto limit, params.number("limit"));
  DKVM_TRY(query.until_ns, wait_until(params, now));
  if (after && last)
    return fail(Errc::invalid, "'after' and 'last' both say where to begin: expected one of them");
  query.after = last ? log.ring().before_last(*last, query.filter) : after.value_or(0);
  query.records_max = std::min<std::size_t>(limit.value_or(kRecordsDefault), kLogPageRecordsMax);
  return query;
}

Result<> LogServices::read(const ServiceCall& call, const Params& params,
                           const Respond& respond) const {
  const std::uint64_t now = now_ns();
  DKVM_TRY(const Query query, query_of(params, now));
  return polls.wait(
      call.device, query.until_ns, now,
      [this_log = &log, query, after = query.after, respond](bool last) mutable {
        const LogPage page = this_log->ring().read(after, query.filter, query.records_max);
        if (page.records.empty() && !page.more && !last) {
          after = page.next_after;  // what did not match is not looked at again
          return false;
        }
        respond(describe(page));
        return true;
      },
      [respond] { return respond.wanted(); });
}

void LogServices::add_to(ServiceTable& table) {
  table.add_later("log.read", {"after", "last", "limit", "wait_ms", "device", "level"},
                  [*this](const ServiceCall& call, const Params& params, const Respond& respond) {
                    const auto taken = read(call, params, respond);
                    if (!taken) respond(fail(taken.error()));
                  });
  table.add("log.level", {"level"},
            [*this](const ServiceCall&, const Params& params) -> Result<nlohmann::json> {
              DKVM_TRY(const RecordLevel level, level_of(params, log.level()));
              log.set_level(level);
              return nlohmann::json{{"level", name(level)}};
            });
}

}  // namespace dkvm
