#include "devices/dummy/audio/sine.hpp"
#include "tests/support/device_keys.hpp"
#include "tests/support/fake_pool.hpp"
#include "tests/support/temp_dir.hpp"

#include <dkvm/config.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace dkvm;
using namespace dkvm::test;
using Json = nlohmann::json;

namespace {

constexpr std::uint16_t kPort = 1;
constexpr std::uint32_t kSlots = 4;
constexpr std::size_t kChunk = 80;  // samples of 8 kHz: 10 ms
const std::string kSource = DKVM_BIN_DIR "/dkvm-dummy-audio-source";
const std::string kSink = DKVM_BIN_DIR "/dkvm-dummy-audio-sink";

// An audio sink, and who plays it chunks of one channel in s16 at 8 kHz.
class Speaker {
 public:
  explicit Speaker(const std::map<std::string, std::string>& config, std::uint32_t incarnation = 1)
      : kernel_({kSink}, keys(config)) {
    auto welcome = FakeKernel::default_welcome();
    welcome.incarnation = incarnation;
    kernel_.greet(welcome);
    pool_.show_pool();
  }
  FakeKernel& kernel() { return kernel_; }

  void play(std::uint64_t position, std::byte value) {
    AudioFrame frame;
    frame.rate = 8'000;
    frame.channels = 1;
    frame.format = SampleFormat::s16;
    frame.frames = kChunk;
    frame.position = position;
    pool_.event(++slot_ % kSlots, frame, std::vector<std::byte>(kChunk * 2, value));
    kernel_.wait_applied(kPort);
  }

 private:
  FakeKernel kernel_;
  FakePool pool_{kernel_, kPort, kSlots, 4096};
  std::uint32_t slot_ = 0;
};

std::string samples_of(const std::string& path, std::size_t bytes) {
  const std::string content = read_file(path);
  REQUIRE(content.size() >= bytes);
  return content.substr(content.size() - bytes);
}

}  // namespace

TEST_CASE("an audio sink fills gaps with silence, and goes on with its WAV after a kill") {
  const TempDir dir;
  const std::map<std::string, std::string> config = {
      {"file", dir.file("heard.wav")}, {"fill", "true"}, {"report", dir.file("r.json")}};
  const auto chunk = [](char value) { return std::string(kChunk * 2, value); };
  {
    Speaker killed(config);
    killed.play(0, std::byte{'a'});
    killed.play(2 * kChunk, std::byte{'b'});
    ::kill(killed.kernel().pid(), SIGKILL);
    CHECK(killed.kernel().wait_exit() == -SIGKILL);
  }
  const std::string first = chunk('a') + chunk('\0') + chunk('b');
  CHECK((samples_of(config.at("file"), first.size()) == first));
  Speaker next(config, 2);
  next.play(9 * kChunk, std::byte{'c'});
  next.kernel().stop();
  CHECK(next.kernel().wait_exit() == 0);
  const std::string all = first + chunk('c');
  CHECK((samples_of(config.at("file"), all.size()) == all));
  CHECK(read_file(config.at("file")).size() < all.size() + 100);
  CHECK(Json::parse(read_file(dir.file("r.json"))).at("samples") == kChunk);
}

TEST_CASE("an audio sink that is told where it cannot write is refused, with that as last words") {
  const TempDir dir;
  const std::pair<std::map<std::string, std::string>, std::string> cases[] = {
      {{{"file", dir.file("nodir/f.wav")}}, "nodir/f.wav' cannot be written: No such file"},
      {{{"file", dir.file("f.mp3")}}, "f.mp3' is not the name of a WAV, expected .wav"},
      {{{"report", dir.file("nodir/r.json")}}, "config key 'report': '"},
  };
  for (const auto& [config, message] : cases) {
    INFO(message);
    FakeKernel kernel({kSink}, keys(config));
    kernel.greet();
    kernel.rest();
    CHECK(kernel.wait_exit() == kExitRefused);
    const std::string log = kernel.drain_log();
    CHECK_THAT(log, Catch::StartsWith("<3>cannot start: ") && Catch::Contains(message));
    CHECK(log.find('\n') == log.size() - 1);
  }
}

TEST_CASE("live sound is sent at its times, and what finds no slot is dropped or waits") {
  for (const bool waits : {false, true}) {
    INFO(waits);
    const TempDir dir;
    const std::uint64_t begin = now_ns();
    FakeKernel kernel({kSource}, keys({{"rate", "8000"},
                                       {"channels", "1"},
                                       {"frequencies.0", "440"},
                                       {"duration", "300ms"},
                                       {"exhausted", waits ? "wait" : "drop"},
                                       {"report", dir.file("r.json")}}));
    kernel.greet();
    FakePool pool(kernel, kPort, kSlots, kChunk * 2);
    pool.grant_pool();
    pool.grant(0);
    const dummy::Sine sine(8'000, 1, {440}, 0.5);
    std::uint64_t next = 0;
    std::uint64_t left_out = 0;
    const auto hear = [&](const Received& event) {
      const auto frame = event.as<AudioFrame>();
      const auto [bytes, slot] = pool.bytes_of(event);
      std::vector<std::byte> expected(kChunk * 2);
      sine.fill(frame.position, SampleFormat::s16, expected);
      CHECK((bytes == expected));
      // Due, and never sent before.
      CHECK(now_ns() >= event.header.capture_ns());
      CHECK(event.header.capture_ns() >= begin + frame.position * 125'000);
      left_out += (frame.position - next) / kChunk;
      next = frame.position + kChunk;
      return slot;
    };
    const auto slot = hear(kernel.wait(wire::FrameKind::event));
    const std::uint64_t starved = now_ns();
    while (now_ns() < starved + 100'000'000) ::poll(nullptr, 0, 5);  // nobody gives it a slot
    pool.grant(slot);
    for (const std::uint32_t further : {1u, 2u, 3u}) pool.grant(further);
    for (auto frame = kernel.next(); frame; frame = kernel.next())
      if (frame->kind() == wire::FrameKind::event) pool.grant(hear(*frame));
    CHECK(kernel.wait_exit() == 0);
    CHECK(now_ns() >= begin + 290'000'000);  // the last chunk is due then
    const Json report = Json::parse(read_file(dir.file("r.json")));
    CHECK(report.at("dropped").get<std::uint64_t>() == left_out);
    CHECK(report.at("chunks").get<std::uint64_t>() == 30 - left_out);
    CHECK((left_out == 0) == waits);
    CHECK(report.at("exhausted") > 0);
  }
}
