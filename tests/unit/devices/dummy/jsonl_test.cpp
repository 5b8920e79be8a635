#include "devices/dummy/jsonl.hpp"

#include "tests/support/seed.hpp"

#include <dkvm/limits.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace dkvm;
using namespace dkvm::dummy;

namespace {

std::string line_of(const Record& record) {
  std::string line;
  REQUIRE(append_line(line, record));
  return line;
}

std::string error_of(std::string_view line) {
  const auto record = parse_line(line);
  REQUIRE_FALSE(record);
  CHECK(record.error().code() == Errc::invalid);
  return record.error().message();
}

// What a line becomes when it is read and written again.
std::string again(std::string_view line) {
  const auto record = parse_line(line);
  if (!record) FAIL(line << ": " << record.error().message());
  return line_of(*record);
}

Record random_record(std::mt19937_64& random) {
  const auto any = [&] { return random(); };
  const double scale[] = {1, 0.1, 1e-7, 1e21, 1.0 / 3};
  const auto real = [&] {
    return (static_cast<double>(any() % 20001) - 10000) * scale[any() % std::size(scale)];
  };
  Record record{any() % kTimeNsMax >> any() % 60, {}};
  switch (any() % 5) {
    case 0: {
      Key pressed = key(static_cast<std::uint16_t>(any() % kInputCodesMax), any() % 2 == 0);
      for (auto i = any() % 4; i > 0; --i) pressed.text += static_cast<char>(any() % 0x80);
      record.event = pressed;
      break;
    }
    case 1:
      record.event = button(static_cast<std::uint16_t>(any() % kInputCodesMax), any() % 2 == 0);
      break;
    case 2: record.event = motion_by(real(), real()); break;
    case 3:
      record.event = motion_to(real(), real(), static_cast<std::uint32_t>(any()),
                               static_cast<std::uint32_t>(any()));
      break;
    default:
      record.event = scroll(static_cast<std::int32_t>(any()), static_cast<std::int32_t>(any()));
  }
  return record;
}

}  // namespace

TEST_CASE("every kind of event has its line") {
  CHECK(line_of({0, key(30, true)}) == "{\"t\":0,\"key\":\"KEY_A\",\"down\":true}\n");
  CHECK(line_of({1'234'000, motion_by(3, -1.5)}) == "{\"t\":0.001234,\"motion\":[3,-1.5]}\n");
  CHECK(line_of({2'500'000'000, motion_to(640, 360, 1280, 720)}) ==
        "{\"t\":2.5,\"position\":[640,360],\"size\":[1280,720]}\n");
  CHECK(line_of({1, button(0x110, false)}) ==
        "{\"t\":0.000000001,\"button\":\"BTN_LEFT\",\"down\":false}\n");
  CHECK(line_of({60'000'000'000, scroll(0, -120)}) == "{\"t\":60,\"scroll\":[0,-120]}\n");
}

TEST_CASE("a line that was written reads back as the same line, for any event") {
  const auto seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = line_of(random_record(random));
    CHECK(again(std::string_view(line).substr(0, line.size() - 1)) == line);
  }
}

TEST_CASE("a line that was cut short at any byte is known as one of ours, for any event") {
  const auto seed = test::seed_of_the_run();
  INFO(test::again_with(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = line_of(random_record(random));
    const auto cut = std::string_view(line).substr(0, random() % line.size());
    if (!is_cut_line(cut)) FAIL(cut);
  }
}

TEST_CASE("lines written by hand are read, whatever their spacing, order and numbers") {
  CHECK(again(R"( {"down" : true, "key": 30, "t": 0.5e-3} )") ==
        "{\"t\":0.0005,\"key\":\"KEY_A\",\"down\":true}\n");
  CHECK(again(R"({"t":0.30000000000000004,"key":"KEY_A","down":true})") ==
        "{\"t\":0.3,\"key\":\"KEY_A\",\"down\":true}\n");
  CHECK(again(R"({"t":0,"button":"BTN_MOUSE","down":true})") ==
        "{\"t\":0,\"button\":\"BTN_LEFT\",\"down\":true}\n");
  CHECK(again(R"({"t":0,"motion":[-0.0,1e3]})") == "{\"t\":0,\"motion\":[0,1000]}\n");
}

TEST_CASE("the text of a key is kept, and mended where it is no UTF-8") {
  Key pressed = key(30, true);
  pressed.text = "\"\\\n\x01\u00e9\u20ac\U0001F600";
  const std::string line = line_of({0, pressed});
  CHECK(line ==
        "{\"t\":0,\"key\":\"KEY_A\",\"down\":true,\"text\":"
        "\"\\\"\\\\\\n\\u0001\u00e9\u20ac\U0001F600\"}\n");
  const auto read = parse_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(read);
  CHECK(std::get<Key>(read->event).text == pressed.text);
  for (const char* broken : {"\xFF", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xC0\x80", "\xF5"}) {
    pressed.text = broken;
    const std::string mended = line_of({0, pressed});
    CHECK(mended.find("\xEF\xBF\xBD") != std::string::npos);
    CHECK(again(std::string_view(mended).substr(0, mended.size() - 1)) == mended);
  }
}

TEST_CASE("a text that makes a line too long is left out, the key is not") {
  Key pressed = key(30, true);
  pressed.text.assign(kLineBytesMax, 'x');
  CHECK(line_of({0, pressed}) == "{\"t\":0,\"key\":\"KEY_A\",\"down\":true}\n");
}

TEST_CASE("a motion that is no number is refused and leaves nothing behind") {
  std::string out = "before\n";
  CHECK_FALSE(append_line(out, {0, motion_by(std::numeric_limits<double>::quiet_NaN(), 0)}));
  CHECK_FALSE(append_line(out, {0, motion_by(0, std::numeric_limits<double>::infinity())}));
  CHECK(out == "before\n");
}

TEST_CASE("a code that cannot exist is refused and leaves nothing behind") {
  std::string out = "before\n";
  const auto appended = append_line(out, {0, key(999, true)});
  REQUIRE_FALSE(appended);
  CHECK(appended.error().message() ==
        "the code 999 of a key or button cannot exist, expected one from 0 to 767");
  CHECK_FALSE(append_line(out, {0, button(768, true)}));
  CHECK(out == "before\n");
}

TEST_CASE("a wrong line is refused with what is wrong and what was expected") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no valid JSON at column 1, expected one object a line"},
      {"{\"t\":0,", "no valid JSON at column 8, expected one object a line"},
      {"{} {}", "no valid JSON"},
      {"{}", "no event, expected key, button, motion, position or scroll"},
      {"7", "7 is no event, expected an object"},
      {"[1]", "a list is no event, expected an object"},
      {R"({"t":0,"down":true})", "no event, expected key"},
      {R"({"key":"KEY_A","down":true})", "\"t\" is missing, expected seconds"},
      {R"({"t":0,"key":"KEY_A"})", "\"down\" is missing, expected true or false"},
      {R"({"t":0,"key":"KEY_NOSUCH","down":true})",
       "\"key\" is \"KEY_NOSUCH\", expected an evdev code such as \"KEY_A\", or its number from 0 "
       "to 767"},
      {R"({"t":0,"key":768,"down":true})", "\"key\" is 768, expected an evdev code"},
      {R"({"t":0,"key":65536,"down":true})", "\"key\" is 65536, expected an evdev code"},
      {R"({"t":0,"key":-1,"down":true})", "\"key\" is -1, expected an evdev code"},
      {R"({"t":0,"key":"KEY_A","down":1})", "\"down\" is 1, expected true or false"},
      {R"({"t":0,"key":"KEY_A","down":true,"wat":1})", "unknown field \"wat\", expected t"},
      {R"({"t":0,"key":"KEY_A","key":"KEY_B","down":true})", "\"key\" stands twice"},
      {R"({"t":0,"key":"KEY_A","down":true,"motion":[1,2]})",
       "\"motion\" does not go with \"key\", expected one event a line"},
      {R"({"t":0,"motion":[1,2],"down":true})", "\"down\" does not go with \"motion\""},
      {R"({"t":-1,"motion":[1,2]})", "\"t\" is -1, expected seconds from 0 to 1000000000"},
      {R"({"t":1e300,"motion":[1,2]})", "\"t\" is 1e300, expected seconds"},
      {R"({"t":1000000001,"motion":[1,2]})", "\"t\" is 1000000001, expected seconds"},
      {R"({"t":99999999999999999999,"motion":[1,2]})", "\"t\" is 99999999999999999999"},
      {R"({"t":"0","motion":[1,2]})", "\"t\" is \"0\", expected seconds"},
      {R"({"t":0,"motion":[1]})", "\"motion\" is a list of 1, expected [dx, dy]"},
      {R"({"t":0,"motion":[1,2,3]})", "\"motion\" is a list of more than 2, expected [dx, dy]"},
      {R"({"t":0,"motion":[1,"2"]})", "\"motion\" is \"2\", expected [dx, dy]"},
      {R"({"t":0,"motion":[[1],2]})", "\"motion\" is a list, expected [dx, dy]"},
      {R"({"t":0,"motion":{"x":1}})", "\"motion\" is an object, expected [dx, dy]"},
      {R"({"t":0,"motion":null})", "\"motion\" is null, expected [dx, dy]"},
      {R"({"t":0,"position":[1,2]})", "\"size\" is missing, expected [width, height]"},
      {R"({"t":0,"position":[1,2],"size":[1,-2]})", "expected [width, height] in whole pixels"},
      {R"({"t":0,"scroll":[0,0.5]})", "\"scroll\" is a list with 0.5, expected [x, y] in whole"},
      {R"({"t":0,"scroll":[0,2147483648]})", "expected [x, y] in whole 1/120 of a notch"},
  };
  for (const auto& [line, message] : cases) {
    INFO(line);
    CHECK_THAT(error_of(line), Catch::StartsWith(message) || Catch::Contains(message));
  }
}
