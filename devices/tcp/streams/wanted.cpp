#include "devices/tcp/streams/wanted.hpp"

#include <dkvm/log.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace dkvm::tcp {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kWaitTime{30'000};
constexpr std::chrono::milliseconds kAnswerTime{35'000};
constexpr std::chrono::milliseconds kRetryTime{250};

}  // namespace

Result<WantedStreams> read_wanted(std::string_view text) {
  const json answer = json::parse(text, nullptr, false);
  WantedStreams wanted;
  try {
    wanted.revision = answer.at("revision").get<std::uint64_t>();
    wanted.next = answer.value("next", std::string());
    for (const json& each : answer.at("streams")) {
      const auto direction = each.at("direction").get<std::string>();
      if (direction != "sink" && direction != "source")
        return fail(Errc::corrupt, "links.streams: a stream of direction '" + direction + "'");
      wanted.streams.push_back(
          {each.at("peer").get<std::string>(), each.at("stream").get<std::string>(),
           direction == "sink" ? wire::Direction::sink : wire::Direction::source,
           each.at("topics").get<std::vector<std::string>>()});
      if (each.contains("device"))
        wanted.devices[wanted.streams.back().peer] = each.at("device").get<std::string>();
    }
  } catch (const json::exception& error) {
    return fail(Errc::corrupt, std::string("links.streams: ") + error.what());
  }
  return wanted;
}

void Wanted::ask() {
  pages_ = {};
  ask(revision_ == 0 ? "{}"
                     : fmt::format(R"({{"after":{},"wait_ms":{}}})", revision_, kWaitTime.count()));
}

void Wanted::ask(const std::string& body) {
  auto asked = context_.call(
      "kernel", "links.streams", body, [this](const Answer& answer) { take(answer); }, kAnswerTime);
  if (asked)
    call_ = *asked;
  else
    ask_later();
}

void Wanted::take(const Answer& answer) {
  if (!answer) {
    if (answer.error().code() == Errc::disconnected) return;  // the device ends
    log_warning("the kernel does not say which streams are wanted: " + answer.error().message());
    return ask_later();
  }
  auto page = read_wanted(*answer);
  if (!page) {
    log_error(page.error().message());
    return ask_later();
  }
  // They changed between two pages: from the beginning.
  if (pages_.revision != 0 && pages_.revision != page->revision) return ask();
  pages_.revision = page->revision;
  pages_.streams.insert(pages_.streams.end(), page->streams.begin(), page->streams.end());
  pages_.devices.merge(page->devices);
  if (!page->next.empty()) return ask(nlohmann::json{{"page", page->next}}.dump());
  if (std::exchange(revision_, pages_.revision) != pages_.revision) on_change_(pages_);
  ask();
}

void Wanted::ask_later() {
  retry_ = context_.after(kRetryTime, [this] { ask(); });
}

}  // namespace dkvm::tcp
