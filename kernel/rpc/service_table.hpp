#pragma once

#include "kernel/rpc/answer_page.hpp"
#include "kernel/rpc/call_router.hpp"
#include "kernel/rpc/params.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm {

// Takes the one answer to a call of the kernel, now or later.
class Respond {
 public:
  Respond(CallRouter& calls, std::uint64_t token) : calls_(&calls), token_(token) {}

  void operator()(Result<nlohmann::json> result) const;
  // False once nobody waits for it any more.
  bool wanted() const { return calls_->waits(token_); }

 private:
  CallRouter* calls_;  // outlives every call
  std::uint64_t token_;
};

// The methods of the kernel by name, and the parameters that each one knows.
class ServiceTable {
 public:
  using Fields = std::vector<std::string_view>;
  using Later = std::function<void(const ServiceCall&, const Params&, Respond)>;
  using Now = std::function<Result<nlohmann::json>(const ServiceCall&, const Params&)>;

  explicit ServiceTable(CallRouter& calls) : calls_(calls) {}

  // Fields: literals, the names of all parameters; a call with another is refused.
  void add_later(std::string method, Fields fields, Later service);
  void add(std::string method, Fields fields, Now service);

  std::vector<std::string_view> methods() const;  // sorted

  // Errors go to the caller: Errc::not_found for a method that there is not,
  // Errc::invalid for parameters that are none of the method's.
  void serve(std::uint64_t token, const ServiceCall& call);

 private:
  struct Service {
    Fields fields;
    Later run;
  };

  CallRouter& calls_;
  std::map<std::string, Service, std::less<>> services_;
};

// One page of a list: up to `limit` items after the one named `after`, as long
// as they fit an answer; `next` when there are more. They go into `answer`,
// beside what it has.
// Shape: items are sorted by key(item), which is what `after` names.
template <class Items, class KeyOf, class Print>
Result<nlohmann::json> page(const char* field, const Items& items, const Params& params, KeyOf key,
                            Print print, nlohmann::json answer = nlohmann::json::object()) {
  DKVM_TRY(const std::string after, params.text_or("after", ""));
  DKVM_TRY(const auto limit, params.number("limit"));
  AnswerPage listed(limit.value_or(AnswerPage::kItemsMax), json_text(answer).size());
  std::string last;
  bool more = false;
  for (const auto& item : items) {
    if (!after.empty() && key(item) <= after) continue;
    more = !listed.add(print(item));
    if (more) break;
    last = key(item);
  }
  answer[field] = std::move(listed).take();
  if (more) answer["next"] = last;
  return answer;
}

}  // namespace dkvm
