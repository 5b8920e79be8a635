#include "tools/dkvmctl/link_answers.hpp"

#include "tools/dkvmctl/pages.hpp"

#include <fmt/format.h>

#include <utility>

namespace dkvm::ctl {
namespace {

bool makes_links(const Json& device) {
  const std::string type = text_of(device, "type");
  return type == "tcp-server" || type == "tcp-client";
}

bool answers(const Json& device) {
  const std::string state = text_of(device, "state");
  return state == "running" || state == "degraded";
}

void add_answer(LinkAnswers& all, const Json& answer, const std::string& device) {
  for (Json link : list_of(answer, "links")) {
    if (link.is_object() && text_of(link, "device").empty()) link["device"] = device;
    all.links.push_back(std::move(link));
  }
  for (const Json& address : list_of(answer, "listening"))
    all.listening.push_back({{"device", device}, {"address", address}});
  for (const Json& peer : list_of(answer, "unknown"))
    if (peer.is_string()) ++all.unknown[peer.get<std::string>()];
}

Called<> ask(Ctl& ctl, const Json& device, LinkAnswers& all) {
  const std::string name = text_of(device, "name");
  ++all.devices;
  if (!answers(device)) {
    all.silent.push_back(
        fmt::format("{} makes no links: it is {}", name, text_of(device, "state")));
    return {};
  }
  auto answer = whole_answer_of(ctl, name, "links.list", Json::object(), "links");
  if (answer) {
    add_answer(all, *answer, name);
  } else if (answer.error().kind == CallError::Kind::answered) {
    all.failures.push_back(std::move(answer).error());
  } else {
    return fail(std::move(answer).error());
  }
  return {};
}

}  // namespace

Called<LinkAnswers> ask_links(Ctl& ctl) {
  LinkAnswers all;
  DKVM_TRY(const Json devices, all_pages(ctl, "devices.list", Json::object(), "devices"));
  for (const Json& device : devices)
    if (makes_links(device)) DKVM_CHECK(ask(ctl, device, all));
  return all;
}

}  // namespace dkvm::ctl
