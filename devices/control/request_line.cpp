#include "devices/control/request_line.hpp"

#include "devices/control/json_members.hpp"
#include "devices/control/limits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dkvm {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view json) {
  const auto value = nlohmann::json::parse(json, nullptr, false);
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

Result<> read_text(const JsonMember& member, std::string& into) {
  const auto value = nlohmann::json::parse(member.value, nullptr, false);
  if (!value.is_string() || value.get_ref<const std::string&>().empty())
    return fail(Errc::invalid, "'" + member.key + "' must be a text that is not empty");
  into = value.get<std::string>();
  return {};
}

Result<> read_deadline(const JsonMember& member, std::chrono::milliseconds& into) {
  const auto number = whole_number(member.value);
  const auto most = static_cast<std::uint64_t>(kControlDeadlineMax.count());
  if (!number || *number == 0 || *number > most)
    return fail(Errc::invalid,
                "'deadline_ms' must be a whole number from 1 to " + std::to_string(most));
  into = std::chrono::milliseconds(*number);
  return {};
}

Result<> read_member(const JsonMember& member, ControlRequest& into) {
  if (member.key == "id") return {};  // read before all others
  if (member.key == "target") return read_text(member, into.target);
  if (member.key == "method") return read_text(member, into.method);
  if (member.key == "deadline_ms") return read_deadline(member, into.deadline);
  if (member.key == "params") {
    into.params = member.value;
    return {};
  }
  return fail(
      Errc::invalid,
      "'" + member.key + "' is unknown: id, target, method, params and deadline_ms are known");
}

Result<> read_members(const std::vector<JsonMember>& members, ControlRequest& into) {
  for (const auto& member : members) DKVM_CHECK(read_member(member, into));
  if (into.target.empty()) return fail(Errc::invalid, "'target' is missing");
  if (into.method.empty()) return fail(Errc::invalid, "'method' is missing");
  return {};
}

std::string id_text(std::optional<std::uint64_t> id) { return id ? std::to_string(*id) : "null"; }

std::string error_line(std::optional<std::uint64_t> id, const Error& error) {
  const nlohmann::ordered_json body = {
      {"code", name(error.code())}, {"message", error.message().substr(0, kAnswerMessageBytesMax)}};
  return "{\"id\":" + id_text(id) +
         ",\"error\":" + body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "}\n";
}

}  // namespace

tl::expected<ControlRequest, RequestFault> parse_request(std::string_view line) {
  const auto fault = [](std::optional<std::uint64_t> id, Error error) {
    return tl::unexpected<RequestFault>({id, std::move(error)});
  };
  const auto members = json_members(line);
  if (!members) return fault(std::nullopt, members.error());
  const auto id = std::find_if(members->begin(), members->end(),
                               [](const auto& member) { return member.key == "id"; });
  const auto number = id == members->end() ? std::nullopt : whole_number(id->value);
  if (!number) return fault(std::nullopt, Error(Errc::invalid, "'id' must be a whole number"));
  ControlRequest request;
  request.id = *number;
  if (auto read = read_members(*members, request); !read)
    return fault(number, std::move(read).error());
  return request;
}

std::string answer_line(std::optional<std::uint64_t> id, const Answer& answer) {
  if (!answer) return error_line(id, answer.error());
  std::string body = answer->empty() ? "null" : *answer;
  if (!nlohmann::json::accept(body))
    return error_line(id, Error(Errc::corrupt, "the answer is not JSON"));
  // Between values only: inside a JSON text a newline is always escaped.
  std::replace_if(
      body.begin(), body.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return "{\"id\":" + id_text(id) + ",\"result\":" + body + "}\n";
}

}  // namespace dkvm
