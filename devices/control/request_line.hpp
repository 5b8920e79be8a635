#pragma once

#include <dkvm/rpc.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The lines of the control socket as values.
//   {"id":1,"target":"kernel","method":"devices.list","params":{},"deadline_ms":5000}
//   {"id":1,"result":{…}}   {"id":1,"error":{"code":"denied","message":"…"}}
// Source: docs/operations.md, "The socket".
namespace dkvm {

struct ControlRequest {
  std::uint64_t id = 0;
  std::string target;
  std::string method;
  std::string params = "{}";  // JSON, as the client wrote it
  std::chrono::milliseconds deadline = kCallTimeDefault;
};

// What is wrong with a line, and which call it meant if that can be said.
struct RequestFault {
  std::optional<std::uint64_t> id;
  Error error;
};

tl::expected<ControlRequest, RequestFault> parse_request(std::string_view line);

// One line with its newline, at most kControlLineBytesMax long. Without an id
// it speaks of the connection itself. An answer that is not JSON becomes an
// error.
std::string answer_line(std::optional<std::uint64_t> id, const Answer& answer);

}  // namespace dkvm
