#include "devices/control/control_session.hpp"

#include "devices/control/limits.hpp"

#include <utility>

namespace dkvm {

ControlSession::~ControlSession() {
  for (const auto& [id, number] : waiting_) port_.cancel(number);
}

Result<> ControlSession::receive(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (line_.size() + part.size() > kControlLineBytesMax) {
      const Error error(Errc::invalid,
                        "a line is at most " + std::to_string(kControlLineBytesMax) + " bytes");
      say(error);
      return fail(error);
    }
    line_ += part;
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    take(std::exchange(line_, {}));
    if (overflowed_) return fail(Errc::overloaded, "the client does not read its answers");
  }
  return {};
}

void ControlSession::take(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  auto request = parse_request(line);
  if (!request) return queue(answer_line(request.error().id, fail(request.error().error)));
  const std::uint64_t id = request->id;
  if (auto forwarded = forward(std::move(*request)); !forwarded)
    queue(answer_line(id, fail(std::move(forwarded).error())));
}

Result<> ControlSession::forward(ControlRequest request) {
  const std::uint64_t id = request.id;
  if (waiting_.contains(id))
    return fail(Errc::invalid, "id " + std::to_string(id) + " still waits for its answer");
  if (waiting_.size() >= kClientCallsMax)
    return fail(Errc::overloaded,
                std::to_string(kClientCallsMax) + " calls of this client wait for an answer");
  DKVM_TRY(const std::uint64_t number,
           port_.call(std::move(request), [this, id](const Answer& answer) {
             waiting_.erase(id);
             queue(answer_line(id, answer));
           }));
  waiting_[id] = number;
  return {};
}

void ControlSession::queue(std::string_view line) {
  if (output_.size() + line.size() > kClientOutputBytesMax) {
    overflowed_ = true;
    return;
  }
  output_ += line;
}

}  // namespace dkvm
