#pragma once

#include "config/kernel_methods.hpp"
#include "kernel/loop/assert.hpp"
#include "kernel/rpc/call_router.hpp"
#include "kernel/rpc/params.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

namespace dkvm {

// The methods of the kernel by name.
class ServiceTable {
 public:
  // Takes the one answer, now or later.
  using Respond = std::function<void(Result<nlohmann::json>)>;
  using Later = std::function<void(const ServiceCall&, const Params&, Respond)>;
  using Now = std::function<Result<nlohmann::json>(const ServiceCall&, const Params&)>;

  explicit ServiceTable(CallRouter& calls) : calls_(calls) {}

  // The method is of kKernelMethods, or nobody could be granted it.
  void add_later(std::string method, Later service) {
    DKVM_ASSERT(is_kernel_method(method));
    services_[std::move(method)] = std::move(service);
  }
  void add(std::string method, Now service) {
    add_later(std::move(method), [service = std::move(service)](const ServiceCall& call,
                                                               const Params& params,
                                                               const Respond& respond) {
      respond(service(call, params));
    });
  }

  void serve(std::uint64_t token, const ServiceCall& call) {
    const Respond respond = [this, token](Result<nlohmann::json> result) {
      if (!result) return calls_.answer(token, fail(std::move(result).error()));
      calls_.answer(token, dump(*result));
    };
    const auto service = services_.find(call.method);
    if (service == services_.end())
      return respond(fail(Errc::not_found, fmt::format("the kernel has no method '{}'", call.method)));
    const auto params = Params::parse(call.body);
    if (!params) return respond(fail(params.error()));
    service->second(call, *params, respond);
  }

 private:
  // What devices write (names, log lines) may be no UTF-8: it is replaced.
  static Result<std::string> dump(const nlohmann::json& value) {
    std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() <= kAnswerBytesMax) return text;
    return fail(Errc::exhausted, "the answer is too large for one frame: ask for fewer at a time");
  }

  static constexpr std::size_t kAnswerBytesMax = 60 * 1024;

  CallRouter& calls_;
  std::unordered_map<std::string, Later> services_;
};

// One page of a list: up to `limit` items after the one named `after`, as long
// as they fit an answer; `next` when there are more.
// Shape: items are sorted by key(item), which is what `after` names.
template <class Items, class KeyOf, class Print>
Result<nlohmann::json> page(const char* field, const Items& items, const Params& params, KeyOf key,
                            Print print) {
  constexpr std::size_t kItemsMax = 200;
  constexpr std::size_t kBytesMax = 48 * 1024;
  DKVM_TRY(const std::string after, params.text_or("after", ""));
  DKVM_TRY(const auto limit, params.number("limit"));
  nlohmann::json out = {{field, nlohmann::json::array()}};
  std::size_t bytes = 0;
  std::string last;
  for (const auto& item : items) {
    if (!after.empty() && key(item) <= after) continue;
    const std::size_t count = out[field].size();
    nlohmann::json printed = print(item);
    bytes += printed.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size();
    if (count != 0 && (count >= std::min<std::size_t>(limit.value_or(kItemsMax), kItemsMax) ||
                       bytes > kBytesMax)) {
      out["next"] = last;
      break;
    }
    last = key(item);
    out[field].push_back(std::move(printed));
  }
  return out;
}

}  // namespace dkvm
