#include "devices/metrics/http_client.hpp"

#include "devices/metrics/limits.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <limits>
#include <utility>

namespace dkvm::metrics {
namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::uint64_t later(std::uint64_t now_ns, std::chrono::nanoseconds time) {
  return now_ns + static_cast<std::uint64_t>(time.count());
}

}  // namespace

std::string_view status_line(int status) {
  switch (status) {
    case 200: return "200 OK";
    case 400: return "400 Bad Request";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 413: return "413 Content Too Large";
    case 431: return "431 Request Header Fields Too Large";
    default: return "500 Internal Server Error";
  }
}

HttpClient::HttpClient(Fd fd, std::uint64_t now_ns)
    : fd_(std::move(fd)), due_ns_(later(now_ns, kHeadTimeMax)) {}

void HttpClient::receive(std::uint64_t now_ns) {
  std::array<char, kReadBytesMax> bytes;
  const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    phase_ = Phase::over;
    return;
  }
  if (got < 0) return;
  // A request that begins after a pause has its time from now.
  if (input_.empty() && phase_ == Phase::reading) due_ns_ = later(now_ns, kHeadTimeMax);
  input_.append(bytes.data(), static_cast<std::size_t>(got));
  // What comes before the answer to the request before it has gone: not much may wait.
  if (phase_ != Phase::reading && input_.size() > kHeadBytesMax) phase_ = Phase::over;
}

bool HttpClient::next_head(Head& head) {
  if (phase_ != Phase::reading) return false;
  const std::size_t bytes = head_bytes(input_);
  if (bytes == 0 && input_.size() <= kHeadBytesMax) return false;
  keep_alive_ = false;
  without_body_ = false;
  head = {};
  if (bytes == 0 || bytes > kHeadBytesMax) {
    head.status = 431;
    return true;
  }
  auto parsed = parse_head(std::string_view(input_).substr(0, bytes));
  input_.erase(0, bytes);
  if (!parsed) {
    head.status = 400;
    return true;
  }
  head.request = *std::move(parsed);
  if (head.request.has_body) {
    head.status = 413;
    return true;
  }
  keep_alive_ = head.request.keep_alive;
  without_body_ = head.request.method == "HEAD";
  due_ns_ = kNever;
  return true;
}

void HttpClient::answer(int status, std::string_view type, Text body, std::uint64_t now_ns) {
  head_ = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\n{}{}\r\n",
      status_line(status), type, body->size(), status == 405 ? "Allow: GET, HEAD\r\n" : "",
      keep_alive_ ? "" : "Connection: close\r\n");
  body_ = without_body_ ? std::make_shared<const std::string>() : std::move(body);
  sent_ = 0;
  phase_ = Phase::sending;
  due_ns_ = later(now_ns, kSendTimeMax);
  send(now_ns);
}

void HttpClient::send(std::uint64_t now_ns) {
  while (phase_ == Phase::sending && sent_ < head_.size() + body_->size()) {
    const std::size_t of_head = std::min(sent_, head_.size());
    const std::size_t of_body = sent_ - of_head;
    std::array<iovec, 2> pieces = {
        {{head_.data() + of_head, head_.size() - of_head},
         {const_cast<char*>(body_->data()) + of_body, body_->size() - of_body}}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t sent = ::sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
      phase_ = Phase::over;
      return;
    }
    sent_ += static_cast<std::size_t>(sent);
  }
  if (phase_ == Phase::sending) read_again(now_ns);
}

void HttpClient::read_again(std::uint64_t now_ns) {
  body_.reset();
  phase_ = keep_alive_ ? Phase::reading : Phase::over;
  due_ns_ = input_.empty() ? later(now_ns, kIdleTimeMax) : later(now_ns, kHeadTimeMax);
}

}  // namespace dkvm::metrics
