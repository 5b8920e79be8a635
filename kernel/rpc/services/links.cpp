#include "kernel/rpc/services/links.hpp"

#include <algorithm>
#include <string>

namespace dkvm {
namespace {

constexpr std::uint64_t kWaitMsMax = 60'000;
// An answer is on its way before the call ends without one.
constexpr std::uint64_t kAnswerBeforeNs = 50'000'000;

nlohmann::json describe(const LinkStream& stream) {
  nlohmann::json described = {{"peer", stream.peer},
                              {"stream", stream.stream},
                              {"direction", wire::EnumNameDirection(stream.direction)},
                              {"topics", stream.topics}};
  if (!stream.device.empty()) described["device"] = stream.device;
  return described;
}

// One page, from behind the stream of that key.
nlohmann::json page_after(const LinkStreams& streams, const std::string& key) {
  nlohmann::json answer = {{"revision", streams.revision()}};
  AnswerPage listed(AnswerPage::kItemsMax, json_text(answer).size());
  std::string last;
  bool more = false;
  for (const LinkStream& stream : streams.all()) {
    if (stream.key() <= key) continue;
    more = !listed.add(describe(stream));
    if (more) break;
    last = stream.key();
  }
  answer["streams"] = std::move(listed).take();
  if (more) answer["next"] = last;
  return answer;
}

}  // namespace

Result<> LinkServices::wait(const ServiceCall& call, const Params& params,
                            const Respond& respond) const {
  if (!makes_links(call.device))
    return fail(Errc::denied,
                "links.streams is for devices that make links: expected one whose manifest says "
                "runtime_ports");
  DKVM_TRY(const auto after, params.number("after"));
  DKVM_TRY(const auto wait_ms, params.number("wait_ms"));
  DKVM_TRY(const std::string from, params.text_or("page", ""));
  const std::uint64_t now = now_ns();
  const std::uint64_t wait_ns = std::min(wait_ms.value_or(0), kWaitMsMax) * 1'000'000;
  const std::uint64_t latest = call.deadline_ns - std::min(call.deadline_ns, kAnswerBeforeNs);
  return polls.wait(
      call.device, std::min(now + wait_ns, latest), now,
      [this_streams = &streams, after, from, respond](bool last) {
        if (!last && after && *after == this_streams->revision()) return false;
        respond(page_after(*this_streams, from));
        return true;
      },
      [respond] { return respond.wanted(); });
}

void LinkServices::add_to(ServiceTable& table) {
  table.add_later("links.streams", {"after", "wait_ms", "page"},
                  [*this](const ServiceCall& call, const Params& params, const Respond& respond) {
                    const auto taken = wait(call, params, respond);
                    if (!taken) respond(fail(taken.error()));
                  });
}

}  // namespace dkvm
