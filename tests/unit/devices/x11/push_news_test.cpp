#include "devices/x11/input/push_news.hpp"

#include <catch2/catch.hpp>

using dkvm::x11::PushNews;

TEST_CASE("a push at another place is told at once, one at the same place twenty times a second") {
  PushNews news;
  std::uint64_t now = 1'000'000'000;
  CHECK(news.push(0, 100, now));
  CHECK_FALSE(news.push(0, 100, now + PushNews::kAgainNs - 1));
  CHECK(news.push(0, 101, now + PushNews::kAgainNs - 1));
  now += PushNews::kAgainNs;
  CHECK(news.push(1, 101, now));
  CHECK_FALSE(news.push(1, 101, now + PushNews::kAgainNs - 1));
  CHECK(news.push(1, 101, now + PushNews::kAgainNs) == PushNews::Push{1, 101, true});
}

TEST_CASE("that the pointer has left is told once, and only of a push that was told") {
  PushNews news;
  CHECK_FALSE(news.leave());
  news.push(2, 5, 1);
  CHECK(news.pushes(2));
  CHECK_FALSE(news.pushes(0));
  CHECK(news.leave() == PushNews::Push{2, 5, false});
  CHECK_FALSE(news.leave());
  CHECK(news.push(2, 5, 2));
  news.forget();
  CHECK_FALSE(news.leave());
}
