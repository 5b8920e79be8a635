#include "tools/dkvmctl/client.hpp"

#include <dkvm/detail/peer_linux.hpp>
#include <dkvm/limits.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace dkvm::ctl {
namespace {

constexpr std::chrono::milliseconds kGrace{500};  // for the way there and back
constexpr std::size_t kNestingMax = 256;          // of an answer: printing recurses

Result<detail::Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return fail(Errc::invalid,
                fmt::format("a socket's path has at most {} bytes", sizeof(address.sun_path) - 1));
  std::memcpy(address.sun_path, path.data(), path.size());
  detail::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
    return fd;
  switch (errno) {
    case ENOENT: return fail(Errc::not_found, "does not exist");
    case ECONNREFUSED:
      if (!std::filesystem::is_socket(path)) return fail(Errc::invalid, "is no socket");
      return fail(Errc::disconnected, "nobody listens there any more");
    case EACCES: return fail(Errc::denied, "belongs to another user: try sudo");
    case EAGAIN: return fail(Errc::overloaded, "is busy: too many are waiting to connect");
    default: return fail(Errc::disconnected, std::strerror(errno));
  }
}

// In a directory that everybody may write to, anybody could listen.
Result<> check_owner(int fd) {
  DKVM_TRY(const uid_t peer, detail::peer_uid(fd));
  if (detail::trusted_peer(peer, ::geteuid())) return {};
  return fail(Errc::denied,
              fmt::format("belongs to user {}: if you trust it, name it with --socket", peer));
}

Result<detail::Fd> reach(const std::string& path, bool named) {
  DKVM_TRY(detail::Fd fd, connect_to(path));
  if (!named) DKVM_CHECK(check_owner(fd.get()));
  return fd;
}

bool nested_too_deep(std::string_view json) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (in_text && c == '\\') ++at;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth != 0) --depth;
    if (depth > kNestingMax) return true;
  }
  return false;
}

// What one line says to the call `id`; nothing if it is about another.
Result<std::optional<Json>> read_answer(const std::string& line, std::uint64_t id) {
  if (nested_too_deep(line)) return fail(Errc::corrupt, "the answer is nested too deeply");
  const Json answer = Json::parse(line, nullptr, false);
  if (!answer.is_object()) return fail(Errc::corrupt, "the answer is not JSON");
  const Json& answered = field(answer, "id");
  if (!answered.is_null() && answered != Json(id)) return std::optional<Json>();
  if (answer.contains("result")) return std::optional<Json>(answer["result"]);
  const Json& error = field(answer, "error");
  return fail(errc_of(text_of(error, "code")), text_of(error, "message"));
}

}  // namespace

Called<Client> Client::connect(const SocketPaths& where) {
  std::string tried;
  for (const std::string& path : where.paths) {
    auto fd = reach(path, where.named);
    if (fd) return Client(std::move(*fd), path);
    if (!tried.empty()) tried += '\n';
    tried += "  " + path + " " + fd.error().message();
  }
  return fail({CallError::Kind::no_kernel, Error(Errc::disconnected, tried), {}, {}});
}

Called<Json> Client::call(const std::string& target, const std::string& method, std::string params,
                          std::chrono::milliseconds deadline) {
  const auto failed = [&](CallError::Kind kind, Error error) {
    return fail(CallError{kind, std::move(error), target, method});
  };
  const auto broken = [&](Error error) {
    const bool late = error.code() == Errc::timeout;
    return failed(late ? CallError::Kind::late : CallError::Kind::lost, std::move(error));
  };
  const std::uint64_t id = ++last_id_;
  std::replace(params.begin(), params.end(), '\n', ' ');
  const std::string line =
      fmt::format("{{\"id\":{},\"target\":{},\"method\":{},\"params\":{},\"deadline_ms\":{}}}\n",
                  id, Json(target).dump(), Json(method).dump(), params, deadline.count());
  const auto until = Clock::now() + deadline + kGrace;
  // Whoever hung up may have said why: read before giving up.
  const auto sent = send(line, until);
  for (;;) {
    const auto reply = read_line(until);
    if (!reply) return broken(sent ? reply.error() : sent.error());
    auto answer = read_answer(*reply, id);
    if (!answer) {
      const bool ended = answer.error().code() == Errc::disconnected &&
                         reply->find("\"id\":null") != std::string::npos;
      return failed(ended ? CallError::Kind::ended : CallError::Kind::answered,
                    std::move(answer).error());
    }
    if (*answer) return std::move(**answer);
  }
}

Result<> Client::send(std::string_view bytes, Clock::time_point until) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      DKVM_CHECK(wait(POLLOUT, until));
    } else if (errno != EINTR) {
      return fail(Errc::disconnected, std::strerror(errno));
    }
  }
  return {};
}

Result<std::string> Client::read_line(Clock::time_point until) {
  for (;;) {
    if (const std::size_t end = input_.find('\n'); end != std::string::npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      return line;
    }
    if (input_.size() > kControlLineBytesMax)
      return fail(Errc::disconnected, "what listens there speaks another protocol");
    DKVM_CHECK(wait(POLLIN, until));
    std::array<char, 16 * 1024> bytes;
    const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (got == 0) return fail(Errc::disconnected, "it was closed before the answer");
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      return fail(Errc::disconnected, std::strerror(errno));
    if (got > 0) input_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

Result<> Client::wait_for_end(Clock::time_point until) {
  for (;;) {
    const auto line = read_line(until);
    if (line) continue;
    if (line.error().code() == Errc::timeout) return fail(line.error());
    return {};
  }
}

Result<> Client::wait(short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return fail(Errc::timeout, "no answer in time: the control device hangs");
    std::array<pollfd, 2> waiting = {pollfd{fd_.get(), events, 0}, pollfd{interrupt_, POLLIN, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left));
    if (ready > 0 && waiting[1].revents != 0) return fail(Errc::disconnected, "interrupted");
    if (ready > 0) return {};
  }
}

}  // namespace dkvm::ctl
