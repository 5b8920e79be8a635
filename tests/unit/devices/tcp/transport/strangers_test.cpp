#include "devices/tcp/transport/strangers.hpp"
#include "tests/support/seed.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace dkvm::tcp;
using Ids = std::vector<Strangers::Id>;

namespace {

// As the listener does it: who is in the way goes.
Ids let_in(Strangers& book, Strangers::Id id, const std::string& address, std::uint64_t now = 0) {
  Ids gone;
  while (const auto in_the_way = book.in_the_way(address)) {
    gone.push_back(in_the_way);
    book.remove(in_the_way);
  }
  book.add(id, address, now);
  return gone;
}

}  // namespace

TEST_CASE("the oldest of an address goes when that address has its share") {
  Strangers book({10, 2, 100});
  CHECK(let_in(book, 1, "a") == Ids{});
  CHECK(let_in(book, 2, "b") == Ids{});
  CHECK(let_in(book, 3, "a") == Ids{});
  CHECK(let_in(book, 4, "a") == Ids{1});
  CHECK(let_in(book, 5, "a") == Ids{3});
  CHECK(book.contains(2));
  CHECK(book.size() == 3);
}

TEST_CASE("when all is full the busiest address pays, not the one that is alone") {
  Strangers book({4, 3, 100});
  let_in(book, 1, "quiet");
  for (Strangers::Id id = 2; id <= 4; ++id) let_in(book, id, "busy");
  CHECK(let_in(book, 5, "other") == Ids{2});
  CHECK(book.contains(1));
  CHECK(let_in(book, 6, "other") == Ids{3});
}

TEST_CASE("each has its time, counted from its coming") {
  Strangers book({10, 10, 100});
  CHECK(book.due_ns() == 0);
  let_in(book, 1, "a", 1000);
  let_in(book, 2, "b", 1050);
  CHECK(book.due_ns() == 1100);
  CHECK(book.expired(1099).empty());
  CHECK(book.expired(1100) == Ids{1});
  CHECK(book.expired(2000) == Ids{1, 2});
  book.remove(1);
  book.remove(1);
  CHECK(book.due_ns() == 1150);
}

TEST_CASE("the book stays within its limits and forgets nobody, whatever comes") {
  dkvm::test::Random random;
  INFO(random.again());
  constexpr std::size_t kAll = 20, kEach = 6;
  Strangers book({kAll, kEach, 100});
  std::map<Strangers::Id, std::string> here;
  for (Strangers::Id id = 1; id <= 5000; ++id) {
    const std::string address = std::to_string(random.between(0, 7));
    for (const auto gone : let_in(book, id, address)) REQUIRE(here.erase(gone) == 1);
    here[id] = address;
    if (random.between(0, 2) == 0) {
      const auto some =
          std::next(here.begin(), static_cast<std::ptrdiff_t>(random.between(0, here.size() - 1)));
      book.remove(some->first);
      here.erase(some);
    }
    REQUIRE(book.size() == here.size());
    REQUIRE(book.size() <= kAll);
    REQUIRE(book.from(address) <= kEach);
  }
  Ids left;
  for (const auto& [id, address] : here) left.push_back(id);
  CHECK(book.expired(UINT64_MAX) == left);
}
