#pragma once

#include "kernel/rpc/service_table.hpp"

#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkvm::test {

using Json = nlohmann::json;

// A device that may call everything of a kernel, and gets its answers at once.
class Asker final : public CallTransport {
 public:
  Asker() { grants_.set("asker", {{"kernel", {"*"}}}); }

  ServiceTable& table() { return table_; }

  wire::ResponseT answer(const std::string& method, const Json& params = Json::object()) {
    begin(method, params);
    REQUIRE(answer_);
    return *std::move(answer_);
  }

  // A call that may wait for its answer; and the answer, if it has come.
  void begin(const std::string& method, const Json& params = Json::object()) {
    methods_ = table_.methods();
    wire::RequestT request;
    request.target = "kernel";
    request.method = method;
    request.body = params.dump();
    PayloadWriter writer;
    Frame frame{make_header(wire::FrameKind::request), {}, {}, writer.write(request)};
    frame.header.mutate_sequence(++id_);
    answer_.reset();
    REQUIRE(calls_.on_frame(1, frame, 0));
  }
  const std::optional<wire::ResponseT>& answered() const { return answer_; }

  // A call that succeeds.
  Json ask(const std::string& method, const Json& params = Json::object()) {
    const wire::ResponseT response = answer(method, params);
    INFO(method << " " << params.dump() << ": " << response.message);
    REQUIRE(response.code == wire::Code::ok);
    return Json::parse(response.body);
  }

  // Every item of a list, page by page.
  std::vector<Json> ask_all(const std::string& method, Json params, const std::string& list) {
    std::vector<Json> items;
    for (;;) {
      const Json page = ask(method, params);
      items.insert(items.end(), page.at(list).begin(), page.at(list).end());
      if (!page.contains("next")) return items;
      REQUIRE(page.at("next") != params.value("after", ""));
      params["after"] = page.at("next");
    }
  }

 private:
  void send_request(DeviceId, std::uint64_t, const wire::RequestT&) override {}
  void send_response(DeviceId, std::uint64_t, const wire::ResponseT& response) override {
    answer_ = response;
  }
  void send_cancel(DeviceId, std::uint64_t) override {}
  std::optional<DeviceId> running_device(std::string_view) const override { return std::nullopt; }
  bool has_device(std::string_view) const override { return false; }
  std::vector<std::string_view> device_names() const override { return {}; }
  std::span<const std::string_view> kernel_methods() const override { return methods_; }
  std::string name_of(DeviceId) const override { return "asker"; }
  std::optional<DeviceId> link_to(std::string_view) const override { return std::nullopt; }
  bool links_to(DeviceId, std::string_view) const override { return false; }
  void serve(std::uint64_t token, const ServiceCall& call) override { table_.serve(token, call); }

  Grants grants_;
  CallRouter calls_{*this, grants_};
  ServiceTable table_{calls_};
  std::vector<std::string_view> methods_;
  std::optional<wire::ResponseT> answer_;
  std::uint64_t id_ = 0;
};

}  // namespace dkvm::test
