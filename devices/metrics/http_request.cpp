#include "devices/metrics/http_request.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

namespace dkvm::metrics {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The next line, without its end; `text` is what follows.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string host_of(std::string_view value) {
  if (value.starts_with('[')) return std::string(value.substr(1, value.find(']') - 1));
  return std::string(value.substr(0, value.find(':')));
}

Result<> parse_line(std::string_view line, HttpRequest& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return fail(Errc::invalid, "a request begins with a method, a path and HTTP/1.1");
  const std::string_view version = line.substr(last + 1);
  if (!version.starts_with("HTTP/1.")) return fail(Errc::invalid, "only HTTP/1 is spoken here");
  request.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  request.path = target.substr(0, target.find('?'));
  request.keep_alive = version != "HTTP/1.0";
  return {};
}

void take_field(const std::string& name, std::string_view value, HttpRequest& request) {
  if (name == "host") {
    request.host = host_of(value);
  } else if (name == "connection") {
    request.keep_alive = lowered(value) != "close" && request.keep_alive;
  } else if (name == "transfer-encoding" || (name == "content-length" && value != "0")) {
    request.has_body = true;
  }
}

}  // namespace

std::size_t head_bytes(std::string_view input) {
  std::size_t begin = 0;
  for (std::size_t end = input.find('\n'); end != std::string_view::npos;
       end = input.find('\n', begin)) {
    if (trimmed(input.substr(begin, end - begin)).empty() && begin != 0) return end + 1;
    begin = end + 1;
  }
  return 0;
}

Result<HttpRequest> parse_head(std::string_view head) {
  HttpRequest request;
  DKVM_CHECK(parse_line(take_line(head), request));
  for (std::string_view line = take_line(head); !line.empty(); line = take_line(head)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return fail(Errc::invalid, "a header field is a name, ':' and a value");
    take_field(lowered(line.substr(0, colon)), trimmed(line.substr(colon + 1)), request);
  }
  return request;
}

bool is_local_host(std::string_view host) {
  const std::string name = lowered(host);
  in_addr v4{};
  in6_addr v6{};
  return name.empty() || name == "localhost" || ::inet_pton(AF_INET, name.c_str(), &v4) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &v6) == 1;
}

}  // namespace dkvm::metrics
