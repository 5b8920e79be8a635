#include "tests/unit/devices/tcp/transport/link_life_rig.hpp"

using namespace dkvm;
using namespace dkvm::tcp;
using namespace dkvm::tcp::test;

TEST_CASE("one that dials does so at once, and its bulk connection when it is up") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.take(rig.life.begin(rig.now));
  CHECK(rig.taken() == "dial");
  CHECK(rig.life.state() == tcp::LinkState::connecting);
  rig.take(rig.life.joined(1, false, rig.now));
  CHECK(rig.taken() == "adopt1 up dial-bulk");
  CHECK(rig.life.state() == tcp::LinkState::up);
}

TEST_CASE("one that listens dials nothing, ever") {
  LinkLifeRig rig(LinkLife::Role::listens);
  rig.take(rig.life.begin(rig.now));
  rig.pass(10s);
  rig.take(rig.life.network_changed(rig.now));
  CHECK(rig.life.state() == tcp::LinkState::down);
  CHECK(rig.life.reason() == "it has not connected yet");
  rig.take(rig.life.joined(1, false, rig.now));
  CHECK(rig.taken() == "adopt1 up");
  rig.take(rig.life.lost(1, kGone, rig.now));
  rig.pass(10s);
  CHECK(rig.taken() == "silent down");
}

TEST_CASE("a ping goes out every 100 ms") {
  LinkLifeRig rig(GENERATE(LinkLife::Role::dials, LinkLife::Role::listens));
  rig.connect();
  rig.pass(1s, 1);
  CHECK(rig.pings >= 10);
  CHECK(rig.pings <= 11);
  CHECK(rig.taken().empty());
}

TEST_CASE("200 ms of jitter release nothing") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  for (int i = 0; i < 20; ++i) {
    rig.pass(300ms);
    rig.take(rig.life.heard(1, rig.now));
  }
  CHECK(rig.taken().empty());
}

TEST_CASE("400 ms of silence are told, and a second connection is dialled beside the first") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.heard(1, rig.now));
  rig.pass(399ms);
  CHECK(rig.taken().empty());
  rig.pass(1ms);
  CHECK(rig.taken() == "silent dial");
  CHECK(rig.life.state() == tcp::LinkState::degraded);

  SECTION("the first comes back to life: the dial is given up") {
    rig.take(rig.life.heard(1, rig.now));
    CHECK(rig.taken() == "cancel alive");
    CHECK(rig.life.state() == tcp::LinkState::up);
    rig.take(rig.life.dial_failed(kGone, rig.now));
    rig.pass(2s, 1);
    CHECK(rig.taken().empty());
  }
  SECTION("the second works first: the session goes on there, with bulk dialled anew") {
    rig.take(rig.life.joined(2, true, rig.now));
    CHECK(rig.taken() == "close1 adopt2 up-again dial-bulk");
    CHECK(rig.life.state() == tcp::LinkState::up);
    rig.take(rig.life.heard(1, rig.now));
    rig.take(rig.life.lost(1, kGone, rig.now));
    CHECK(rig.taken().empty());
  }
  SECTION("a dial that fails is followed by another") {
    rig.take(rig.life.dial_failed(kGone, rig.now));
    CHECK(rig.least_asked == 100);
    CHECK(rig.most_asked == 250);
    rig.pass(249ms);
    CHECK(rig.taken().empty());
    rig.pass(1ms);
    CHECK(rig.taken() == "dial");
  }
}

TEST_CASE("one that listens keeps both connections until the peer uses the second") {
  LinkLifeRig rig(LinkLife::Role::listens);
  rig.connect();
  rig.pass(400ms);
  CHECK(rig.taken() == "silent");
  rig.take(rig.life.joined(2, true, rig.now));
  CHECK(rig.taken().empty());

  SECTION("the second brings a frame") {
    rig.take(rig.life.heard(2, rig.now));
    CHECK(rig.taken() == "close1 adopt2 up-again");
  }
  SECTION("the first comes back, and the peer lets go of the second") {
    rig.take(rig.life.heard(1, rig.now));
    CHECK(rig.taken() == "alive");
    rig.take(rig.life.lost(2, kGone, rig.now));
    rig.pass(5s, 1);
    CHECK(rig.taken().empty());
  }
  SECTION("the first is closed by the peer") {
    rig.take(rig.life.lost(1, kGone, rig.now));
    CHECK(rig.taken() == "adopt2 up-again");
  }
  SECTION("the first comes back and the second is never used: it is closed after 3 s") {
    rig.pass(4s, 1);
    CHECK(rig.taken() == "alive close2");
  }
  SECTION("a third takes the place of the second") {
    rig.take(rig.life.joined(3, true, rig.now));
    CHECK(rig.taken() == "close2");
  }
}

TEST_CASE("after 3 s of silence the session is over, and what comes later is a new one") {
  LinkLifeRig rig(GENERATE(LinkLife::Role::dials, LinkLife::Role::listens));
  rig.connect();
  rig.take(rig.life.heard(1, rig.now));
  rig.pass(2999ms);
  CHECK(rig.life.session());
  rig.pass(1ms);
  CHECK_FALSE(rig.life.session());
  CHECK(rig.taken().find("close1 down") != std::string::npos);
  CHECK(rig.life.reason().find("nothing") != std::string::npos);
  rig.take(rig.life.joined(2, false, rig.now));
  CHECK(rig.taken().starts_with("adopt2 up"));
}

TEST_CASE("a connection that is lost is silence, until another one takes the session over") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.lost(1, kGone, rig.now));
  CHECK(rig.taken() == "silent dial");
  CHECK(rig.life.session());
  CHECK(rig.life.connection() == 0);
  rig.pass(100ms);
  rig.take(rig.life.joined(2, true, rig.now));
  CHECK(rig.taken() == "adopt2 up-again dial-bulk");
}

TEST_CASE("a peer that has forgotten the session ends it before the new one begins") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.lost(1, kGone, rig.now));
  rig.taken();
  rig.take(rig.life.joined(2, false, rig.now));
  CHECK(rig.taken() == "down adopt2 up dial-bulk");
}

TEST_CASE("a new run of the peer's device ends the session of the old one, which is told") {
  LinkLifeRig rig(LinkLife::Role::listens);
  rig.connect();
  rig.take(rig.life.joined(2, false, rig.now));
  CHECK(rig.taken() == "close1(5000) down adopt2 up");
}

TEST_CASE("dials are tried every 100 to 250 ms for five minutes, then up to every 5 s") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.take(rig.life.begin(rig.now));
  rig.pass(4min + 59s);
  rig.take(rig.life.dial_failed(kGone, rig.now));
  CHECK(rig.life.state() == tcp::LinkState::down);
  CHECK(rig.most_asked == 250);
  rig.pass(2s);
  rig.take(rig.life.dial_failed(kGone, rig.now));
  CHECK(rig.most_asked == 5000);
  rig.taken();

  SECTION("but at once when the network changes, and often again") {
    rig.take(rig.life.network_changed(rig.now));
    CHECK(rig.taken() == "dial");
    rig.take(rig.life.dial_failed(kGone, rig.now));
    CHECK(rig.most_asked == 250);
  }
  SECTION("a network that changes all the time is no reason for more than 20 dials a second") {
    int dials = 0;
    for (int i = 0; i < 1000; ++i) {
      rig.pass(1ms);
      rig.take(rig.life.network_changed(rig.now));
      if (rig.taken().find("dial") == std::string::npos) continue;
      ++dials;
      rig.take(rig.life.dial_failed(kGone, rig.now));
    }
    CHECK(dials >= 10);
    CHECK(dials <= 20);
  }
}

TEST_CASE("who is refused says so, and tries again after 5 s") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.take(rig.life.begin(rig.now));
  rig.taken();
  rig.take(rig.life.dial_failed(kDenied, rig.now));
  CHECK(rig.life.state() == tcp::LinkState::refused);
  CHECK(rig.life.reason() == kDenied.message());
  rig.take(rig.life.network_changed(rig.now));
  rig.pass(4999ms);
  CHECK(rig.taken().empty());
  rig.pass(1ms);
  CHECK(rig.taken() == "dial");
  rig.take(rig.life.joined(1, false, rig.now));
  CHECK(rig.life.state() == tcp::LinkState::up);
}

TEST_CASE("a peer that breaks a rule is told, refused, and tried again after the pause for it") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.cut(Error(Errc::corrupt, "it lies"), rig.now));
  CHECK(rig.taken() == "close1(7000) down");
  CHECK(rig.life.state() == tcp::LinkState::refused);
  CHECK(rig.life.reason() == "it lies");
  rig.pass(6999ms);
  CHECK(rig.taken().empty());
  rig.pass(1ms);
  CHECK(rig.taken() == "dial");
}

TEST_CASE("a peer that has broken a rule is not welcome before the pause is over") {
  LinkLifeRig rig(LinkLife::Role::listens);
  rig.connect();
  CHECK(rig.life.out_for(rig.now) == 0ms);
  rig.take(rig.life.cut(Error(Errc::corrupt, "it lies"), rig.now));
  CHECK(rig.taken() == "close1(7000) down");
  CHECK(rig.life.out_for(rig.now) == 7000ms);
  rig.pass(6999ms);
  CHECK(rig.life.out_for(rig.now) == 1ms);
  SECTION("then it may come again") {
    rig.pass(1ms);
    CHECK(rig.life.out_for(rig.now) == 0ms);
    CHECK(rig.life.state() == tcp::LinkState::refused);
    rig.take(rig.life.joined(2, false, rig.now));
    CHECK(rig.life.state() == tcp::LinkState::up);
  }
  SECTION("unless it is trusted anew, as another") {
    rig.take(rig.life.forbid(kDenied, rig.now));
    rig.take(rig.life.begin(rig.now));
    CHECK(rig.life.out_for(rig.now) == 0ms);
  }
}

TEST_CASE("who is told to come later is refused, and dials again after 5 s") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.take(rig.life.begin(rig.now));
  rig.take(rig.life.dial_failed(Error(Errc::overloaded, "it says: not now"), rig.now));
  CHECK(rig.taken() == "dial");
  CHECK(rig.life.state() == tcp::LinkState::refused);
  CHECK(rig.life.reason() == "it says: not now");
  rig.pass(4999ms);
  CHECK(rig.taken().empty());
  rig.pass(1ms);
  CHECK(rig.taken() == "dial");
}

TEST_CASE("a peer that says stop is tried again when it wants to be") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  SECTION("soon") {
    rig.take(rig.life.stopped(kGone, 0ms, rig.now));
    CHECK(rig.taken() == "close1 down");
    CHECK(rig.life.state() == tcp::LinkState::down);
    rig.pass(100ms);
    CHECK(rig.taken() == "dial");
  }
  SECTION("later, at most after 5 s") {
    rig.take(rig.life.stopped(kDenied, 100'000ms, rig.now));
    CHECK(rig.life.state() == tcp::LinkState::refused);
    rig.taken();
    rig.pass(4999ms);
    CHECK(rig.taken().empty());
    rig.pass(1ms);
    CHECK(rig.taken() == "dial");
  }
}

TEST_CASE("trust that ends cuts the link, and nothing is dialled until it is back") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.forbid(kDenied, rig.now));
  CHECK(rig.taken() == "close1(5000) down");
  CHECK(rig.life.state() == tcp::LinkState::refused);
  rig.pass(60s);
  rig.take(rig.life.network_changed(rig.now));
  rig.take(rig.life.joined(2, false, rig.now));
  CHECK(rig.taken() == "close2");
  rig.take(rig.life.begin(rig.now));
  CHECK(rig.taken() == "dial");
  CHECK(rig.life.state() == tcp::LinkState::connecting);
}

TEST_CASE("a link without a bulk connection is degraded after a second") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.bulk_lost(rig.now));
  CHECK(rig.taken() == "dial-bulk");
  rig.take(rig.life.bulk_dial_failed(rig.now));
  rig.pass(500ms, 1);
  CHECK(rig.taken() == "dial-bulk");
  CHECK(rig.life.state() == tcp::LinkState::up);
  rig.pass(500ms, 1);
  CHECK(rig.life.state() == tcp::LinkState::degraded);
  CHECK(rig.life.reason() == "the bulk connection is missing");
  const int words = rig.words;
  rig.take(rig.life.bulk_joined(rig.now));
  CHECK(rig.life.state() == tcp::LinkState::up);
  CHECK(rig.words == words + 1);
}

TEST_CASE("who has not run himself does not take it for the peer's silence") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.heard(1, rig.now));
  rig.now += 10'000'000'000;  // stopped for 10 s
  rig.take(rig.life.tick(rig.now));
  CHECK(rig.taken().empty());
  rig.pass(500ms);
  CHECK(rig.taken() == "silent dial");
}

TEST_CASE("the end of this side is said, and is the end") {
  LinkLifeRig rig(LinkLife::Role::dials);
  rig.connect();
  rig.take(rig.life.end(kGone, rig.now));
  CHECK(rig.taken() == "close1(0) down");
  rig.pass(60s);
  CHECK(rig.taken().empty());
  CHECK(rig.life.due() == 0);
}
