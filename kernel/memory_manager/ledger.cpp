#include "kernel/memory_manager/ledger.hpp"

#include "kernel/loop/assert.hpp"

#include <fmt/format.h>

namespace dkvm {
namespace {

template <class Each>
void for_each_ref(Bytes refs, Each each) {
  const std::size_t count = refs.size() / kBufferRefBytes;
  for (std::size_t i = 0; i < count; ++i) each(read_struct<wire::BufferRef>(refs, i));
}

// How many of an event's buffers lie in this pool.
std::uint32_t count_in(Bytes refs, std::uint32_t pool) {
  std::uint32_t count = 0;
  for_each_ref(refs, [&](const wire::BufferRef& ref) { count += ref.pool() == pool; });
  return count;
}

bool named_before(Bytes refs, std::size_t index, const wire::BufferRef& ref) {
  for (std::size_t i = 0; i < index; ++i) {
    const auto other = read_struct<wire::BufferRef>(refs, i);
    if (other.pool() == ref.pool() && other.slot() == ref.slot()) return true;
  }
  return false;
}

tl::unexpected<Error> unknown_pool(std::string_view what, const wire::BufferRef& ref) {
  return fail(Errc::corrupt,
              fmt::format("it {} pool {}, slot {}, generation {}, which is no open pool", what,
                          ref.pool(), ref.slot(), ref.generation()));
}

}  // namespace

PoolBooks& Ledger::add(std::uint32_t pool, const PoolShape& shape) {
  const auto [added, fresh] = pools_.emplace(pool, std::make_unique<PoolBooks>(pool, shape));
  DKVM_ASSERT(fresh);
  return *added->second;
}

void Ledger::remove(std::uint32_t pool) {
  DKVM_ASSERT(known(pool).drained());
  pools_.erase(pool);
}

PoolBooks* Ledger::find(std::uint32_t pool) {
  const auto found = pools_.find(pool);
  return found == pools_.end() ? nullptr : found->second.get();
}

PoolBooks& Ledger::known(std::uint32_t pool) {
  PoolBooks* books = find(pool);
  DKVM_ASSERT(books != nullptr);
  return *books;
}

Result<> Ledger::publish(PortRef source, Bytes refs) {
  const std::size_t count = refs.size() / kBufferRefBytes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto ref = read_struct<wire::BufferRef>(refs, i);
    const PoolBooks* books = find(ref.pool());
    if (books == nullptr) return unknown_pool("published", ref);
    DKVM_CHECK(books->check_publish(source, ref));
    if (named_before(refs, i, ref))
      return fail(Errc::corrupt, fmt::format("it published pool {}, slot {} twice in one event, "
                                             "expected each slot once",
                                             ref.pool(), ref.slot()));
  }
  for_each_ref(refs, [&](const wire::BufferRef& ref) { known(ref.pool()).publish(ref.slot()); });
  return {};
}

void Ledger::settle(Bytes refs) {
  for_each_ref(refs, [&](const wire::BufferRef& ref) { known(ref.pool()).settle(ref.slot()); });
}

Result<> Ledger::released(PortRef sink, Bytes refs) {
  const std::size_t count = refs.size() / kBufferRefBytes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto ref = read_struct<wire::BufferRef>(refs, i);
    PoolBooks* books = find(ref.pool());
    if (books == nullptr) return unknown_pool("released", ref);
    DKVM_CHECK(books->check_leased(sink, ref));
    books->release(sink, ref.slot());
  }
  return {};
}

bool Ledger::room(PortRef sink, Bytes refs) {
  bool all = true;
  for_each_ref(refs, [&](const wire::BufferRef& ref) {
    PoolBooks& books = known(ref.pool());
    all = all && books.room(books.at(sink), count_in(refs, ref.pool()));
  });
  return all;
}

void Ledger::hold(PortRef sink, Bytes refs) {
  for_each_ref(refs, [&](const wire::BufferRef& ref) {
    PoolBooks& books = known(ref.pool());
    books.hold(books.at(sink), ref.slot());
  });
}

void Ledger::drop(PortRef sink, Bytes refs) {
  for_each_ref(refs, [&](const wire::BufferRef& ref) { known(ref.pool()).drop(sink, ref.slot()); });
}

bool Ledger::lease(PortRef sink, Bytes refs) {
  bool all = true;
  for_each_ref(refs, [&](const wire::BufferRef& ref) {
    PoolBooks& books = known(ref.pool());
    PoolBooks::Sink& account = books.at(sink);
    if (books.may_lease(account, count_in(refs, ref.pool()))) return;
    account.starved = true;
    all = false;
  });
  if (!all) return false;
  for_each_ref(refs, [&](const wire::BufferRef& ref) {
    PoolBooks& books = known(ref.pool());
    books.lease(books.at(sink), ref.slot());
  });
  return true;
}

}  // namespace dkvm
