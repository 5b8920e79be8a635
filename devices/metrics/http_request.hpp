#pragma once

#include <dkvm/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dkvm::metrics {

// What of a request this server looks at.
struct HttpRequest {
  std::string method;
  std::string path;  // without a query
  std::string host;  // without a port and brackets; empty: not said
  bool keep_alive = true;
  bool has_body = false;
};

// Bytes of a request's head, with the empty line that ends it; 0 while that is not there.
std::size_t head_bytes(std::string_view input);

// Source: RFC 9112
// Errors: Errc::invalid for what is no head of HTTP/1.
Result<HttpRequest> parse_head(std::string_view head);

// Whether a request may be for this machine under a name that only it has: `localhost`, or
// an address. A page of another site that leads its own name here says that name.
bool is_local_host(std::string_view host);

}  // namespace dkvm::metrics
