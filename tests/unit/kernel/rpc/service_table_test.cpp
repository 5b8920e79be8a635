#include "kernel/rpc/service_table.hpp"

#include <dkvm/payload.hpp>

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <utility>

using namespace dkvm;

namespace {

// One caller, and the answers it gets.
class Caller final : public CallTransport {
 public:
  std::vector<wire::ResponseT> answers;
  std::optional<std::uint64_t> token;
  ServiceCall call;

  void send_request(DeviceId, std::uint64_t, const wire::RequestT&) override {}
  void send_response(DeviceId, std::uint64_t, const wire::ResponseT& response) override {
    answers.push_back(response);
  }
  void send_cancel(DeviceId, std::uint64_t) override {}
  std::optional<DeviceId> running_device(std::string_view) const override { return std::nullopt; }
  bool has_device(std::string_view) const override { return false; }
  std::vector<std::string_view> device_names() const override { return {}; }
  std::span<const std::string_view> kernel_methods() const override { return methods; }
  std::string name_of(DeviceId) const override { return "caller"; }
  std::optional<DeviceId> link_to(std::string_view) const override { return std::nullopt; }
  bool links_to(DeviceId, std::string_view) const override { return false; }
  void serve(std::uint64_t number, const ServiceCall& what) override {
    token = number;
    call = what;
  }

  std::vector<std::string_view> methods = {"echo", "late", "large", "gone"};
};

struct Fixture {
  Caller caller;
  Grants grants;
  CallRouter calls{caller, grants};
  ServiceTable table{calls};
  std::optional<Respond> later;
  std::uint64_t id = 0;

  Fixture() {
    grants.set("caller", {{"kernel", {"*"}}});
    table.add("echo", {"text"},
              [](const ServiceCall&, const Params& params) -> Result<nlohmann::json> {
                DKVM_TRY(const std::string text, params.text("text"));
                return nlohmann::json{{"text", text}};
              });
    table.add_later("late", {}, [this](const ServiceCall&, const Params&, Respond respond) {
      later = respond;
    });
    table.add("large", {}, [](const ServiceCall&, const Params&) -> Result<nlohmann::json> {
      return nlohmann::json(std::string(61 * 1024, 'x'));
    });
  }

  // As a frame that comes in, and is served.
  void ask(const std::string& method, const std::string& body) {
    wire::RequestT request;
    request.target = "kernel";
    request.method = method;
    request.body = body;
    PayloadWriter writer;
    Frame frame{make_header(wire::FrameKind::request), {}, {}, writer.write(request)};
    frame.header.mutate_sequence(++id);
    REQUIRE(calls.on_frame(1, frame, 0));
    table.serve(caller.token.value(), caller.call);
  }

  void cancel() {
    Frame frame{make_header(wire::FrameKind::cancel), {}, {}, {}};
    frame.header.mutate_sequence(id);
    REQUIRE(calls.on_frame(1, frame, 0));
  }
};

}  // namespace

TEST_CASE("a method gets its parameters, and its answer goes to the caller") {
  Fixture f;
  f.ask("echo", R"({"text":"hello"})");
  REQUIRE(f.caller.answers.size() == 1);
  CHECK(f.caller.answers[0].code == wire::Code::ok);
  CHECK(f.caller.answers[0].body == R"({"text":"hello"})");
}

TEST_CASE("an error of a method is the caller's answer") {
  Fixture f;
  f.ask("echo", R"({"text":7})");
  REQUIRE(f.caller.answers.size() == 1);
  CHECK(f.caller.answers[0].code == wire::Code::invalid);
  CHECK(f.caller.answers[0].message == "'text' must be given, as a text");
}

TEST_CASE("a method is not run with parameters that it does not know") {
  Fixture f;
  f.ask("late", R"({"when":1})");
  REQUIRE(f.caller.answers.size() == 1);
  CHECK(f.caller.answers[0].message == "there is no parameter 'when', expected none");
  CHECK_FALSE(f.later);
  f.ask("echo", R"({"txet":"x"})");
  CHECK_THAT(f.caller.answers[1].message, Catch::EndsWith("(did you mean 'text'?)"));
}

TEST_CASE("a method that is promised and not there is not found") {
  Fixture f;
  f.ask("gone", "{}");
  REQUIRE(f.caller.answers.size() == 1);
  CHECK(f.caller.answers[0].code == wire::Code::not_found);
  CHECK(f.caller.answers[0].message == "the kernel has no method 'gone'");
}

TEST_CASE("an answer may come later, and only as long as it is wanted") {
  Fixture f;
  f.ask("late", "");
  CHECK(f.caller.answers.empty());
  REQUIRE(f.later);
  CHECK(f.later->wanted());
  (*f.later)(nlohmann::json::object());
  CHECK(f.caller.answers.size() == 1);
  CHECK_FALSE(f.later->wanted());
  (*f.later)(nlohmann::json::object());
  CHECK(f.caller.answers.size() == 1);
  f.ask("late", "");
  f.cancel();
  CHECK_FALSE(f.later->wanted());
}

TEST_CASE("an answer larger than a frame is exhausted") {
  Fixture f;
  f.ask("large", "{}");
  REQUIRE(f.caller.answers.size() == 1);
  CHECK(f.caller.answers[0].code == wire::Code::exhausted);
}

TEST_CASE("a page of large items has room for an answer, however many are asked for") {
  AnswerPage page(1000);
  std::size_t taken = 0;
  while (page.add(std::string(1000, '"'))) ++taken;
  CHECK(taken < 30);
  CHECK(json_text(std::move(page).take()).size() <= AnswerPage::kBytesMax + 2);
}

TEST_CASE("a page has at least one item, even for a limit of none") {
  AnswerPage page(0);
  CHECK(page.add(1));
  CHECK_FALSE(page.add(2));
}
