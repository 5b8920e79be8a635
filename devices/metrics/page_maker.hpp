#pragma once

#include "devices/metrics/collector.hpp"
#include "devices/metrics/http_server.hpp"
#include "devices/metrics/process_sizes.hpp"
#include "devices/metrics/sheet.hpp"

#include <dkvm/context.hpp>
#include <dkvm/trouble.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dkvm::metrics {

// Makes pages for whoever asks: the kernel is asked when somebody wants a page and the
// last one is older than kPageAgeMax. So it costs nothing while nobody looks, and little
// when many do; and what a page says is of now.
// Life: context and trouble outlive it; its thread only
class PageMaker {
 public:
  // served: what the page says of its own server.
  PageMaker(Context& context, Trouble& trouble, std::function<HttpServer::Counts()> served);
  PageMaker(const PageMaker&) = delete;
  PageMaker& operator=(const PageMaker&) = delete;
  ~PageMaker() { context_.cancel_timer(deadline_); }

  // At once, or within kCollectTimeMax, whatever the kernel does.
  void give(HttpServer::GivePage give);

 private:
  using Call = std::pair<std::string, std::string>;  // target, method

  void collect();
  void collected(Snapshot seen);
  Text page_of(const Snapshot& seen);
  void look_at_sizes(const Snapshot& seen);
  void count_failures(const Snapshot& seen);
  void tell_trouble(const Snapshot& seen);
  void add_self(Sheet& sheet, const Snapshot& seen, bool all_there) const;

  Context& context_;
  Trouble& trouble_;
  std::function<HttpServer::Counts()> served_;
  Collector collector_;
  ProcessSizes sizes_;
  Context::Timer deadline_ = 0;
  std::vector<HttpServer::GivePage> waiting_;
  std::uint64_t began_ns_ = 0;
  std::map<Call, std::uint64_t> failures_;
  Text page_;
  std::uint64_t page_ns_ = 0;
};

}  // namespace dkvm::metrics
