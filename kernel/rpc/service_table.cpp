#include "kernel/rpc/service_table.hpp"

#include "config/suggest.hpp"

#include <fmt/format.h>

namespace dkvm {
namespace {

constexpr std::size_t kAnswerBytesMax = 60 * 1024;

Result<std::string> body_of(const nlohmann::json& value) {
  std::string text = json_text(value);
  if (text.size() <= kAnswerBytesMax) return text;
  return fail(Errc::exhausted, "the answer is too large for one frame: ask for fewer at a time");
}

}  // namespace

void Respond::operator()(Result<nlohmann::json> result) const {
  if (!result) return calls_->answer(token_, fail(std::move(result).error()));
  calls_->answer(token_, body_of(*result));
}

void ServiceTable::add_later(std::string method, Fields fields, Later service) {
  services_[std::move(method)] = {std::move(fields), std::move(service)};
}

void ServiceTable::add(std::string method, Fields fields, Now service) {
  add_later(
      std::move(method), std::move(fields),
      [service = std::move(service)](const ServiceCall& call, const Params& params,
                                     const Respond& respond) { respond(service(call, params)); });
}

std::vector<std::string_view> ServiceTable::methods() const {
  std::vector<std::string_view> names;
  for (const auto& [name, service] : services_) names.push_back(name);
  return names;
}

void ServiceTable::serve(std::uint64_t token, const ServiceCall& call) {
  const Respond respond(calls_, token);
  const auto service = services_.find(call.method);
  if (service == services_.end())
    return respond(fail(Errc::not_found,
                        fmt::format("the kernel has no method {}{}", detail::in_quotes(call.method),
                                    detail::did_you_mean(call.method, methods()))));
  const auto params = Params::parse(call.body, service->second.fields);
  if (!params) return respond(fail(params.error()));
  service->second.run(call, *params, respond);
}

}  // namespace dkvm
