#include "kernel/memory_manager/ledger.hpp"

#include "tests/unit/kernel/memory_manager/books.hpp"

#include <catch2/catch.hpp>

using namespace dkvm;
using test::Refs;

namespace {

constexpr std::uint64_t kSlot = 1000, kStride = 4096;
constexpr PortRef kSource{1, 1}, kSink{2, 1}, kOther{3, 1};

PoolShape shape(std::uint32_t slots = 4) {
  return {kSource, wire::MemoryKind::memfd, slots, kSlot, kStride};
}

struct Books {
  Ledger ledger;
  PoolBooks& pool = ledger.add(5, shape());

  // Published, and queued for the sink.
  wire::BufferRef queued(PortRef sink = kSink) {
    const auto ref = pool.grant();
    REQUIRE(ledger.publish(kSource, Refs{ref}));
    ledger.hold(sink, Refs{ref});
    ledger.settle(Refs{ref});
    return ref;
  }

  std::string publish_error(PortRef from, const wire::BufferRef& ref) {
    const auto done = ledger.publish(from, Refs{ref});
    pool.audit();
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == Errc::corrupt);
    return done.error().message();
  }

  std::string release_error(PortRef from, const wire::BufferRef& ref) {
    const auto done = ledger.released(from, Refs{ref});
    pool.audit();
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == Errc::corrupt);
    return done.error().message();
  }
};

}  // namespace

TEST_CASE("A slot goes from free to its producer, to its sinks and back") {
  Books books;
  const auto ref = books.pool.grant();
  CHECK(ref.pool() == 5);
  CHECK(ref.offset() == ref.slot() * kStride);
  CHECK(ref.length() == kSlot);
  CHECK(books.pool.writing() == 1);
  REQUIRE(books.ledger.publish(kSource, Refs{ref}));
  CHECK(books.pool.writing() == 0);
  books.ledger.hold(kSink, Refs{ref});
  books.ledger.settle(Refs{ref});
  CHECK(books.pool.free() == 3);
  REQUIRE(books.ledger.lease(kSink, Refs{ref}));
  CHECK_FALSE(books.pool.drained());
  REQUIRE(books.ledger.released(kSink, Refs{ref}));
  CHECK(books.pool.free() == 4);
  CHECK(books.pool.grant().generation() == ref.generation() + 1);
  books.pool.audit();
}

TEST_CASE("What nobody queues is free again at once") {
  Books books;
  const auto ref = books.pool.grant();
  REQUIRE(books.ledger.publish(kSource, Refs{ref}));
  books.ledger.settle(Refs{ref});
  CHECK(books.pool.free() == 4);
}

TEST_CASE("A wrong publish is refused in words and changes nothing") {
  Books books;
  const auto ref = books.pool.grant();
  const auto with = [&](auto change) {
    auto wrong = ref;
    change(wrong);
    return wrong;
  };
  using Catch::Contains;
  CHECK_THAT(books.publish_error(kSource, with([](auto& r) { r.mutate_pool(6); })),
             Contains("pool 6") && Contains("no open pool"));
  CHECK_THAT(books.publish_error(kSource, with([](auto& r) { r.mutate_slot(4); })),
             Contains("slot 4") && Contains("expected a slot below 4"));
  CHECK_THAT(books.publish_error(kSource, with([](auto& r) { r.mutate_slot(3); })),
             Contains("expected a slot that it was granted or a buffer that it holds"));
  CHECK_THAT(books.publish_error(kSource, with([](auto& r) { r.mutate_generation(9); })),
             Contains("generation 9") && Contains("expected generation 1"));
  CHECK_THAT(books.publish_error(kSource, with([](auto& r) { r.mutate_memory(1); })),
             Contains("memory of kind 1"));
  CHECK_THAT(books.publish_error({kSource.device, 2}, ref), Contains("expected port 1"));
  CHECK_THAT(books.publish_error(kSink, ref), Contains("expected a slot that it was granted"));
  const auto twice = books.ledger.publish(kSource, Refs{ref, ref});
  REQUIRE_FALSE(twice);
  CHECK_THAT(twice.error().message(), Contains("twice in one event"));
  CHECK(books.pool.writing() == 1);
  REQUIRE(books.ledger.publish(kSource, Refs{ref}));
  CHECK_THAT(books.publish_error(kSource, ref), Contains("expected a slot that it was granted"));
}

TEST_CASE("A buffer lies within its slot, whatever the arithmetic") {
  Books books;
  books.pool.grant();
  const auto ref = books.pool.grant();
  const std::uint64_t start = ref.offset();
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  const auto refused = [&](std::uint64_t offset, std::uint64_t length) {
    auto wrong = ref;
    wrong.mutate_offset(offset);
    wrong.mutate_length(length);
    return books.publish_error(kSource, wrong);
  };
  for (const auto& [offset, length] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{start, 0},
                                                            {start, kSlot + 1},
                                                            {start - 1, 1},
                                                            {start + kSlot, 1},
                                                            {start + 1, kSlot},
                                                            {0, 1},
                                                            {kHuge, 1},
                                                            {start, kHuge},
                                                            {start + 1, kHuge},
                                                            {kHuge, kHuge},
                                                            {start + kSlot, 0}})
    CHECK_THAT(refused(offset, length), Catch::Contains("expected 1 to 1000 bytes from"));
  auto last = ref;
  last.mutate_offset(start + kSlot - 1);
  last.mutate_length(1);
  CHECK(books.ledger.publish(kSource, Refs{last}));
}

TEST_CASE("A stale, foreign, double or never made release is refused in words") {
  Books books;
  using Catch::Contains;
  const auto ref = books.queued();
  CHECK_THAT(books.release_error(kSink, ref), Contains("expected a buffer that this port holds"));
  REQUIRE(books.ledger.lease(kSink, Refs{ref}));
  CHECK_THAT(books.release_error(kOther, ref), Contains("expected a buffer that this port holds"));
  CHECK_THAT(books.release_error({kSink.device, 2}, ref), Contains("on port 2"));
  auto stale = ref;
  stale.mutate_generation(ref.generation() - 1);
  CHECK_THAT(books.release_error(kSink, stale), Contains("expected generation 1"));
  auto far = ref;
  far.mutate_slot(0xFFFFFFFF);
  CHECK_THAT(books.release_error(kSink, far), Contains("expected a slot below 4"));
  auto elsewhere = ref;
  elsewhere.mutate_pool(9);
  CHECK_THAT(books.release_error(kSink, elsewhere), Contains("released pool 9"));
  REQUIRE(books.ledger.released(kSink, Refs{ref}));
  CHECK_THAT(books.release_error(kSink, ref), Contains("expected a buffer that this port holds"));
}

TEST_CASE("A device passes on what it holds, and what it passed on outlives its release") {
  Books books;
  const auto ref = books.queued();
  REQUIRE(books.ledger.lease(kSink, Refs{ref}));
  const PortRef relay{kSink.device, 9};  // any port of the device that holds it
  REQUIRE(books.ledger.publish(relay, Refs{ref}));
  books.ledger.hold(kOther, Refs{ref});
  books.ledger.settle(Refs{ref});
  REQUIRE(books.ledger.released(kSink, Refs{ref}));
  CHECK(books.pool.free() == 3);
  REQUIRE(books.ledger.lease(kOther, Refs{ref}));
  REQUIRE(books.ledger.released(kOther, Refs{ref}));
  CHECK(books.pool.free() == 4);
}

TEST_CASE("A sink leases and queues no more than its share") {
  Books books;
  books.pool.set_share(kSink, {2, 1});
  const auto first = books.queued(), second = books.queued();
  REQUIRE(books.ledger.lease(kSink, Refs{first}));
  REQUIRE(books.ledger.lease(kSink, Refs{second}));
  CHECK(books.ledger.room(kSink, Refs{second}));
  const auto third = books.queued();
  CHECK_FALSE(books.ledger.room(kSink, Refs{third}));
  CHECK_FALSE(books.ledger.lease(kSink, Refs{third}));
  CHECK_FALSE(books.pool.fed(kSink));
  REQUIRE(books.ledger.released(kSink, Refs{first}));
  CHECK(books.pool.fed(kSink));
  CHECK_FALSE(books.pool.fed(kSink));  // told once
  CHECK(books.ledger.lease(kSink, Refs{third}));
  CHECK(books.ledger.room(kSink, Refs{third}));
  books.pool.audit();
}

TEST_CASE("A guest has no room to queue and holds one at a time") {
  Books books;
  const auto first = books.queued(), second = books.queued();
  CHECK_FALSE(books.ledger.room(kSink, Refs{first}));
  REQUIRE(books.ledger.lease(kSink, Refs{first}));
  CHECK_FALSE(books.ledger.lease(kSink, Refs{second}));
}

TEST_CASE("An event with more buffers than a share passes alone") {
  Books books;
  books.pool.set_share(kSink, {2, 1});
  const std::vector<wire::BufferRef> three = {books.pool.grant(), books.pool.grant(),
                                              books.pool.grant()};
  const Refs event(three);
  REQUIRE(books.ledger.publish(kSource, event));
  REQUIRE(books.ledger.room(kSink, event));
  books.ledger.hold(kSink, event);
  books.ledger.settle(event);
  CHECK(books.ledger.lease(kSink, event));
  const auto another = books.queued();
  CHECK_FALSE(books.ledger.lease(kSink, Refs{another}));
}

TEST_CASE("A sink that dies gives back what it leased and, when dropped, what it queued") {
  Books books;
  const auto leased = books.queued(), queued = books.queued();
  REQUIRE(books.ledger.lease(kSink, Refs{leased}));
  books.pool.forget(kSink);
  CHECK(books.pool.free() == 3);
  books.ledger.drop(kSink, Refs{queued});
  CHECK(books.pool.free() == 4);
  CHECK(books.pool.sinks().empty());
  books.pool.audit();
}
