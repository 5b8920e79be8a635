#include "devices/control/request_line.hpp"
#include "devices/control/limits.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;

TEST_CASE("a request is read with its parameters untouched") {
  const auto request = parse_request(
      R"({"id":7,"target":"clock","method":"time.get","params":{"n":1.10,"n2":1e2},"deadline_ms":250})");
  REQUIRE(request);
  CHECK(request->id == 7);
  CHECK(request->target == "clock");
  CHECK(request->method == "time.get");
  CHECK(request->params == R"({"n":1.10,"n2":1e2})");
  CHECK(request->deadline == std::chrono::milliseconds(250));
}

TEST_CASE("parameters and deadline may be left out") {
  const auto request = parse_request(R"({"id":1,"target":"kernel","method":"kernel.info"})");
  REQUIRE(request);
  CHECK(request->params == "{}");
  CHECK(request->deadline == kCallTimeDefault);
}

TEST_CASE("a wrong request says what is wrong, with its id where it has one") {
  struct Case {
    const char* line;
    bool has_id;
    const char* message;
  };
  for (const Case& wrong : {
           Case{"hello", false, "this is not JSON"},
           Case{"[]", false, "a JSON object was expected"},
           Case{R"({"target":"kernel","method":"x"})", false, "'id' must be a whole number"},
           Case{R"({"id":-1,"target":"kernel","method":"x"})", false,
                "'id' must be a whole number"},
           Case{R"({"id":"a","target":"k","method":"x"})", false, "'id' must be a whole number"},
           Case{R"({"id":1,"method":"x"})", true, "'target' is missing"},
           Case{R"({"id":1,"target":"kernel"})", true, "'method' is missing"},
           Case{R"({"id":1,"target":5,"method":"x"})", true,
                "'target' must be a text that is not empty"},
           Case{R"({"id":1,"target":"k","method":"x","deadline_ms":0})", true,
                "'deadline_ms' must be a whole number from 1 to 300000"},
           Case{R"({"id":1,"target":"k","method":"x","parms":{}})", true,
                "'parms' is unknown: id, target, method, params and deadline_ms are known"},
       }) {
    CAPTURE(wrong.line);
    const auto request = parse_request(wrong.line);
    REQUIRE_FALSE(request);
    CHECK(request.error().id.has_value() == wrong.has_id);
    CHECK(request.error().error.message() == wrong.message);
    CHECK(request.error().error.code() == Errc::invalid);
  }
}

TEST_CASE("an answer is one line with the body as it came") {
  CHECK(answer_line(3, std::string(R"({"a":1.50})")) == "{\"id\":3,\"result\":{\"a\":1.50}}\n");
  CHECK(answer_line(3, std::string("")) == "{\"id\":3,\"result\":null}\n");
  CHECK(answer_line(3, std::string("{\n \"a\":\r\n\"x\\ny\"}")) ==
        "{\"id\":3,\"result\":{  \"a\":  \"x\\ny\"}}\n");
}

TEST_CASE("an error keeps its code and message") {
  CHECK(answer_line(9, fail(Errc::denied, "no \"grant\"")) ==
        "{\"id\":9,\"error\":{\"code\":\"denied\",\"message\":\"no \\\"grant\\\"\"}}\n");
  CHECK(answer_line(std::nullopt, fail(Errc::overloaded, "full")) ==
        "{\"id\":null,\"error\":{\"code\":\"overloaded\",\"message\":\"full\"}}\n");
}

TEST_CASE("an answer that is not JSON becomes an error, never a broken line") {
  CHECK(answer_line(1, std::string("}\n{")).find("\"code\":\"corrupt\"") != std::string::npos);
}

TEST_CASE("no error text makes a line too long or unreadable") {
  const std::string line = answer_line(1, fail(Errc::internal, std::string(60'000, '\x01')));
  CHECK(line.size() <= kControlLineBytesMax + 1);
  CHECK(answer_line(1, fail(Errc::internal, "\xff")).find('\xff') == std::string::npos);
}
