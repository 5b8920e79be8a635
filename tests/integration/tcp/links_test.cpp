#include "tests/integration/tcp/rig.hpp"

#include <dkvm/time.hpp>

using namespace dkvm;
using namespace dkvm::test;
using namespace dkvm::tcp;

TEST_CASE("two kernels that trust each other are linked, by both connections") {
  test::Pair pair;
  pair.connect();
  CHECK(pair.here().status().state == tcp::LinkState::up);
  CHECK(pair.there()->status().state == tcp::LinkState::up);
  CHECK(pair.here().kernel_name() == "desk");
  CHECK(pair.here().kernel_id() == 11);
  CHECK(pair.there()->kernel_name() == "laptop");
  CHECK(pair.there()->kernel_id() == 22);
  CHECK(pair.there()->fingerprint() == pair.laptop.identity().fingerprint());
  CHECK(pair.desk.told.words == std::vector<std::string>{"added laptop", "up", "bulk"});
  pair.world.wait("clocks are compared", [&] {
    return pair.here().status().rtt_ns != 0 && pair.there()->status().rtt_ns != 0;
  });
  const LinkStatus status = pair.here().status();
  CHECK(static_cast<std::uint64_t>(std::abs(status.offset_ns)) <= status.offset_error_ns);
}

TEST_CASE("frames pass in order, both ways, each once") {
  test::Pair pair;
  pair.connect();
  std::vector<std::byte> payload(3000, std::byte{7});
  std::uint64_t next = 1;
  pair.desk.told.on_frame = [&](const Frame& frame) {
    CHECK(frame.header.sequence() == next++);
    CHECK(std::ranges::equal(frame.payload, payload));
  };
  for (std::uint64_t i = 1; i <= 300; ++i) REQUIRE(pair.here().send(numbered(i, payload)));
  REQUIRE(pair.there()->send(numbered(77)));
  pair.world.wait("all have come", [&] {
    return pair.desk.told.has("frame event 300") && pair.laptop.told.has("frame event 77");
  });
  CHECK(next == 301);
}

TEST_CASE(
    "a peer that does not read fills the outbox, which says so, and is told when it is empty") {
  test::Pair pair;
  pair.connect();
  pair.world.leave_out(pair.laptop);
  const std::vector<std::byte> payload(60'000, std::byte{1});
  Result<> sent;
  std::uint64_t count = 0;
  while ((sent = pair.there()->send(numbered(++count, payload)))) pair.there()->flush();
  CHECK(sent.error().code() == Errc::exhausted);
  CHECK(pair.there()->backlog() <= kChannelBacklogMax);
  pair.world.machines.push_back(&pair.laptop);
  pair.world.wait("the backlog is gone", [&] { return pair.desk.told.has("writable"); });
  CHECK(pair.there()->backlog() == 0);
  pair.world.wait("all have come",
                  [&] { return pair.laptop.told.has("frame event " + std::to_string(count - 1)); });
}

TEST_CASE("a link that is cut goes on over other connections, in the same session") {
  test::Pair pair;
  pair.listen();
  Relay relay(pair.port);
  pair.world.steps.push_back([&] { relay.step(); });
  pair.dial(relay.port);
  pair.wait_up();
  relay.cut();
  pair.world.wait("it is up again", [&] {
    return pair.desk.told.has("up-again") && pair.laptop.told.has("up-again") &&
           pair.desk.told.count("bulk") == 2 && pair.laptop.told.count("bulk") == 2;
  });
  CHECK_FALSE(pair.desk.told.has("down"));
  CHECK_FALSE(pair.laptop.told.has("down"));
  CHECK(pair.laptop.told.count("silent") == 1);
  REQUIRE(pair.here().send(numbered(5)));
  pair.world.wait("it carries", [&] { return pair.desk.told.has("frame event 5"); });
}

TEST_CASE("a way that swallows all is left for a second connection beside it") {
  test::Pair pair;
  pair.listen();
  Relay relay(pair.port);
  pair.world.steps.push_back([&] { relay.step(); });
  pair.dial(relay.port);
  pair.wait_up();
  relay.freeze();
  pair.world.wait("the second is used", [&] {
    return pair.desk.told.has("up-again") && pair.laptop.told.has("up-again");
  });
  CHECK(pair.laptop.told.has("silent"));
  CHECK_FALSE(pair.desk.told.has("down"));
  CHECK_FALSE(pair.laptop.told.has("down"));
  REQUIRE(pair.there()->send(numbered(9)));
  pair.world.wait("it carries", [&] { return pair.laptop.told.has("frame event 9"); });
}

TEST_CASE("a short silence ends on the same connection; the second dial is given up") {
  test::Pair pair;
  pair.listen();
  Relay relay(pair.port);
  pair.world.steps.push_back([&] { relay.step(); });
  pair.dial(relay.port);
  pair.wait_up();
  relay.refuse = true;
  relay.freeze();
  pair.world.wait("it is silent",
                  [&] { return pair.desk.told.has("silent") && pair.laptop.told.has("silent"); });
  CHECK(pair.here().status().state == tcp::LinkState::degraded);
  relay.thaw();
  pair.world.wait("it lives",
                  [&] { return pair.desk.told.has("alive") && pair.laptop.told.has("alive"); });
  CHECK(pair.here().status().state == tcp::LinkState::up);
  CHECK_FALSE(pair.laptop.told.has("up-again"));
}

TEST_CASE("a peer that is stopped is silent, then dead, and comes back in a new session") {
  test::Pair pair;
  pair.connect();
  pair.world.leave_out(pair.laptop);
  const std::uint64_t begin = now_ns();
  pair.world.wait("it is silent", [&] { return pair.desk.told.has("silent"); });
  CHECK(now_ns() - begin > 250'000'000);
  CHECK_FALSE(pair.desk.told.has("down"));
  pair.world.wait("it is dead", [&] { return pair.desk.told.has("down"); });
  CHECK(pair.there()->status().state == tcp::LinkState::down);
  pair.world.machines.push_back(&pair.laptop);
  pair.world.wait("it is back", [&] {
    return pair.desk.told.count("up") == 2 && pair.laptop.told.count("up") == 2;
  });
  CHECK(pair.laptop.told.has("down"));
}

TEST_CASE("a new run of the peer's device ends the session of the one before") {
  test::Pair pair;
  pair.connect();
  std::unique_ptr<LinkClient> before;
  SECTION("which has died") { pair.client.reset(); }
  SECTION("which still seems to be there") { before = std::move(pair.client); }
  pair.laptop.told.bulks.clear();
  pair.desk.told.words.clear();
  pair.dial();
  pair.world.wait("the new one is up", [&] { return pair.desk.told.has("up"); });
  const auto& words = pair.desk.told.words;
  const auto down = std::ranges::find(words, "down");
  REQUIRE(down != words.end());
  CHECK(down < std::ranges::find(words, "up"));
}

TEST_CASE("who is removed from the store is cut off, and back when added again") {
  test::Pair pair;
  pair.connect();
  REQUIRE(pair.desk.store().remove("laptop"));
  pair.world.wait("it is cut", [&] {
    return pair.desk.told.has("removed laptop") && pair.laptop.told.has("down");
  });
  CHECK(pair.there() == nullptr);
  pair.world.wait("it knows why",
                  [&] { return pair.here().status().state == tcp::LinkState::refused; });
  CHECK(pair.here().status().reason.find("not trusted") != std::string::npos);
  pair.desk.trust("laptop", pair.laptop);
  pair.world.wait("it is back", [&] { return pair.there() != nullptr && pair.there()->up(); });
}

TEST_CASE("a client whose trust ends hangs up, and says what to do") {
  test::Pair pair;
  pair.connect();
  REQUIRE(pair.laptop.store().remove("desk"));
  pair.world.wait("both have ended it",
                  [&] { return pair.laptop.told.has("down") && pair.desk.told.has("down"); });
  CHECK(pair.here().status().state == tcp::LinkState::refused);
  CHECK(pair.here().status().reason.find("dkvmctl pair") != std::string::npos);
}

TEST_CASE("a client that is not trusted there is refused, with its fingerprint") {
  test::Pair pair;
  Machine stranger("stranger", 33);
  pair.desk.trust("stranger", stranger);
  pair.listen();
  pair.dial();
  pair.world.wait("it is refused",
                  [&] { return pair.here().status().state == tcp::LinkState::refused; });
  CHECK(pair.here().status().reason.find("does not trust") != std::string::npos);
  CHECK(pair.here().status().reason.find(pair.laptop.identity().fingerprint().text()) !=
        std::string::npos);
  CHECK_FALSE(pair.desk.told.has("up"));
}

TEST_CASE("another certificate than the one pinned is refused, whatever name it bears") {
  test::Pair pair;
  Machine other("desk", 44);  // the right subject with another key
  pair.laptop.trust("desk", other);
  pair.listen();
  pair.dial();
  pair.world.wait("it is refused",
                  [&] { return pair.here().status().state == tcp::LinkState::refused; });
  const std::string reason = pair.here().status().reason;
  CHECK(reason.find(pair.desk.identity().fingerprint().text()) != std::string::npos);
  CHECK(reason.find(other.identity().fingerprint().text()) != std::string::npos);
  CHECK_FALSE(pair.desk.told.has("up"));
}

TEST_CASE("a peer is found by its name, and of its addresses the one that answers is used") {
  test::Pair pair;
  pair.listen();
  pair.dial(0, "localhost");  // IPv6 too, where nobody listens
  pair.wait_up();
  CHECK(pair.here().status().address == "127.0.0.1:" + std::to_string(pair.port));
}

TEST_CASE("a name that leads nowhere is the reason why the link is down") {
  test::Pair pair;
  pair.listen();
  pair.dial(0, "no-such-host.invalid");
  pair.world.wait("it says so", [&] {
    return pair.here().status().reason.find("no-such-host.invalid") != std::string::npos;
  });
  CHECK(pair.here().status().state == tcp::LinkState::down);
}

TEST_CASE("a stop is said, with its reason") {
  test::Pair pair;
  pair.connect();
  pair.server->stop(Error(Errc::disconnected, "the device ends"));
  pair.world.wait("it is heard", [&] { return pair.laptop.told.has("down"); });
  CHECK(pair.laptop.told.last_down == "desk says: the device ends");
}

TEST_CASE("a peer that is cut hears why, and is refused for a while") {
  test::Pair pair;
  pair.connect();
  pair.there()->cut(Error(Errc::corrupt, "it sent what it may not"));
  CHECK(pair.there()->status().state == tcp::LinkState::refused);
  pair.world.wait("it is heard", [&] { return pair.laptop.told.has("down"); });
  CHECK(pair.here().status().state == tcp::LinkState::refused);
  CHECK(pair.here().status().reason.find("it sent what it may not") != std::string::npos);
}

TEST_CASE("a bulk connection that breaks is made again") {
  test::Pair pair;
  pair.connect();
  pair.desk.told.bulks.clear();  // closed by who had it
  pair.there()->bulk_lost();
  pair.laptop.told.bulks.clear();
  pair.here().bulk_lost();
  pair.world.wait("there is another",
                  [&] { return !pair.desk.told.bulks.empty() && !pair.laptop.told.bulks.empty(); });
  CHECK(pair.here().status().state == tcp::LinkState::up);
}
