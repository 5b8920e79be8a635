#include <catch2/catch.hpp>

#include "tests/unit/pipelines/rig.hpp"

#include <algorithm>
#include <array>

using namespace dkvm;
using namespace dkvm::test;

namespace {

constexpr DeviceId kKeyboard = 1;
constexpr DeviceId kDesk = 2;
constexpr DeviceId kServer = 3;
constexpr std::uint16_t kOut = 10;   // to the next kernel
constexpr std::uint16_t kBack = 11;  // from the one before

const TopicSet kKeys{id_of(wire::Topic::key)};

// Three kernels in a row, each with a keyboard and a desk; a link goes from each to the
// next, and in a ring from the last to the first. Everybody's keys go everywhere.
class Chain {
 public:
  explicit Chain(bool ring) : ring_(ring) {
    for (std::size_t i = 0; i < kernels.size(); ++i) join(i);
  }

  // Carries what there is over all links, until there is nothing more.
  void settle() {
    for (int round = 0; round < 20; ++round) {
      for (std::size_t i = 0; i < kernels.size(); ++i) {
        carry_events(i);
        carry_upstream(i);
        kernels[i].router.tick(kernels[i].now);
      }
    }
  }
  void wait(std::uint64_t ns) {
    for (Rig& each : kernels) each.now += ns;
  }

  // Messages that reached the keyboard of this kernel: how many stamps each had.
  std::vector<std::size_t> heard(std::size_t kernel) const {
    std::vector<std::size_t> stamps;
    for (const SentUp& each : kernels[kernel].host.sent_up)
      if (each.source.device == kKeyboard) stamps.push_back(each.hops.size() / kHopStampBytes);
    return stamps;
  }
  std::uint64_t looped() const {
    std::uint64_t sum = 0;
    for (const Rig& each : kernels) sum += each.router.totals().looped;
    return sum;
  }

  std::array<Rig, 3> kernels{Rig(0xA), Rig(0xB), Rig(0xC)};

 private:
  std::size_t next(std::size_t i) const { return (i + 1) % kernels.size(); }
  std::size_t before(std::size_t i) const { return (i + kernels.size() - 1) % kernels.size(); }
  bool joined(std::size_t from) const { return ring_ || from + 1 < kernels.size(); }
  static std::string stream(std::size_t peer) { return fmt::format("k{}/keys", peer); }

  void join(std::size_t i) {
    Rig& rig = kernels[i];
    rig.up(kKeyboard, "keyboard", {out_port(0, "keys", kKeys)});
    rig.up(kDesk, "desk", {in_port(0, "keys", kKeys)});
    rig.up(kServer, "server", {}, true);
    PipelineSpec spec = pipeline("typing", "keyboard", "desk");
    if (joined(i)) {
      rig.router.port_up(kServer, of_peer(in_port(kOut, stream(next(i)), kKeys)), rig.now);
      spec.to.push_back(fmt::format("link/{}", stream(next(i))));
    }
    if (joined(before(i))) {
      rig.router.port_up(kServer, of_peer(out_port(kBack, stream(before(i)), kKeys)), rig.now);
      spec.from.push_back(fmt::format("link/{}", stream(before(i))));
    }
    rig.apply({spec});
  }

  void carry_events(std::size_t i) {
    Rig& rig = kernels[i];
    std::vector<std::byte> bytes(4096 + kFrameBytesMax);
    bytes.resize(rig.router.take(kServer, bytes, 4096, rig.now));
    FrameDecoder decoder(bytes);
    for (Frame frame; decoder.next(frame);) {
      Rig& there = kernels[next(i)];
      there.router.publish({kServer, kBack}, frame, there.now);
      rig.router.applied({kServer, frame.header.port()}, frame.header.sequence(), rig.now);
    }
  }

  void carry_upstream(std::size_t i) {
    const std::vector<SentUp> sent = kernels[i].host.sent_up;
    for (std::size_t at = carried_[i]; at < sent.size(); ++at) {
      if (sent[at].source.device != kServer) continue;
      Frame frame{make_header(wire::FrameKind::upstream), {}, sent[at].hops, sent[at].payload};
      frame.header.mutate_topic(sent[at].topic);
      seal(frame);
      Rig& there = kernels[before(i)];
      REQUIRE(there.router.upstream({kServer, kOut}, frame, there.now));
    }
    carried_[i] = sent.size();
  }

  const bool ring_;
  std::array<std::size_t, 3> carried_{};
};

std::vector<std::uint64_t> kernels_of(const Got& got) {
  std::vector<std::uint64_t> ids;
  for (const wire::HopStamp& hop : got.hops) ids.push_back(hop.kernel());
  return ids;
}

}  // namespace

TEST_CASE("an event goes through a chain of kernels once, with a stamp of each") {
  Chain chain(false);
  const std::uint64_t captured = chain.kernels[0].now;
  chain.kernels[0].press(kA);
  chain.wait(3 * kMs);
  chain.settle();
  const auto got = chain.kernels[2].take_frames(kDesk);
  REQUIRE(got.size() == 1);
  CHECK(got[0].text == "30+");
  CHECK(kernels_of(got[0]) == std::vector<std::uint64_t>{0xA, 0xB, 0xC});
  CHECK(got[0].hops[0].capture_ns() == captured);
  CHECK(got[0].header.origin_kernel() == 0xA);
  CHECK(got[0].header.origin_sequence() == 1);
  CHECK(chain.kernels[0].take(kDesk) == "30+");
  CHECK(chain.kernels[1].take(kDesk) == "30+");
  chain.settle();
  for (Rig& each : chain.kernels) CHECK(each.take(kDesk).empty());
  CHECK(chain.looped() == 0);
}

TEST_CASE("a key that is pressed at all kernels of a ring at once is up when all have let go") {
  Chain chain(true);
  for (std::size_t from = 0; from < 3; ++from) chain.kernels[from].press(kA);
  chain.settle();
  for (std::size_t from = 0; from < 3; ++from) chain.kernels[from].lift(kA);
  chain.settle();
  for (Rig& each : chain.kernels) {
    auto got = each.take_frames(kDesk);
    // The same key of three keyboards: down with the first, up with the last.
    REQUIRE(got.size() == 2);
    CHECK(got[0].text == "30+");
    CHECK(got[1].text == "30-");
    CHECK_FALSE(each.host.held.at(kKeyboard));
    CHECK_FALSE(each.host.held.at(kServer));
    CHECK(each.router.codes_to_release(kServer).empty());
  }
}

TEST_CASE("a key that is held at two kernels of a ring is up when those are, though one dies") {
  Chain chain(true);
  chain.kernels[0].press(kA);
  chain.kernels[1].press(kA);
  chain.settle();
  chain.kernels[0].router.device_down(kKeyboard, chain.kernels[0].now);
  chain.settle();
  chain.kernels[1].lift(kA);
  chain.settle();
  for (Rig& each : chain.kernels) {
    CHECK(each.take(kDesk) == "30+ 30-");
    CHECK_FALSE(each.host.held.at(kServer));
  }
}

TEST_CASE("a single key in a ring comes to the last kernel with three stamps, and no further") {
  Chain chain(true);
  chain.kernels[1].press(kB);
  chain.settle();
  const auto last = chain.kernels[0].take_frames(kDesk);
  REQUIRE(last.size() == 1);
  CHECK(kernels_of(last[0]) == std::vector<std::uint64_t>{0xB, 0xC, 0xA});
  CHECK(chain.kernels[1].take(kDesk) == "48+");
  CHECK(chain.kernels[2].take(kDesk) == "48+");
  CHECK(chain.looped() == 1);
  CHECK(chain.kernels[1].router.totals().looped == 1);
}

TEST_CASE("messages upstream pass a chain with a stamp of each kernel, and end where they began") {
  const bool ring = GENERATE(false, true);
  Chain chain(ring);
  Rig& last = chain.kernels[2];
  SECTION("locks") { REQUIRE(last.send_up({kDesk, 0}, LockState{})); }
  SECTION("monitors") { REQUIRE(last.send_up({kDesk, 0}, Geometry{})); }
  SECTION("rates") { REQUIRE(last.send_up({kDesk, 0}, Feedback{})); }
  SECTION("whole frames") { REQUIRE(last.send_up({kDesk, 0}, Refresh{})); }
  chain.settle();
  CHECK(chain.heard(2) == std::vector<std::size_t>{1});
  CHECK(chain.heard(1) == std::vector<std::size_t>{2});
  CHECK(chain.heard(0) == std::vector<std::size_t>{3});
  CHECK(chain.looped() == (ring ? 1 : 0));
  chain.wait(kSecond);
  chain.settle();
  CHECK(chain.heard(0).size() == 1);
}

TEST_CASE("refreshes over a link are merged and limited as those of any consumer") {
  Chain chain(false);
  for (int i = 0; i < 10; ++i) REQUIRE(chain.kernels[2].send_up({kDesk, 0}, Refresh{}));
  for (int i = 0; i < 10; ++i) REQUIRE(chain.kernels[1].send_up({kDesk, 0}, Refresh{}));
  chain.settle();
  CHECK(chain.heard(0).size() == 1);
  chain.wait(kSecond);
  chain.settle();
  const std::size_t merged = chain.heard(0).size();
  CHECK(merged == 2);
  for (int quarter = 0; quarter < 8; ++quarter) {
    chain.wait(kSecond / 4);
    chain.settle();
  }
  CHECK(chain.heard(0).size() <= merged + 1);
}

TEST_CASE("refreshes that several kernels of a ring want at once do not circle for ever") {
  Chain chain(true);
  for (Rig& each : chain.kernels) REQUIRE(each.send_up({kDesk, 0}, Refresh{}));
  for (int quarter = 0; quarter < 40; ++quarter) {
    chain.settle();
    chain.wait(kSecond / 4);
  }
  std::array<std::size_t, 3> heard{};
  for (std::size_t i = 0; i < 3; ++i) heard[i] = chain.heard(i).size();
  for (int quarter = 0; quarter < 40; ++quarter) {
    chain.settle();
    chain.wait(kSecond / 4);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(heard[i] >= 1);
    CHECK(chain.heard(i).size() == heard[i]);
  }
}
