#pragma once

#include <dkvm/buffers.hpp>
#include <dkvm/detail/closed_pools.hpp>
#include <dkvm/detail/given_back.hpp>
#include <dkvm/detail/helpers.hpp>
#include <dkvm/detail/poller_linux.hpp>
#include <dkvm/detail/pool_table.hpp>
#include <dkvm/detail/pool_wishes.hpp>
#include <dkvm/detail/producer.hpp>
#include <dkvm/limits.hpp>
#include <dkvm/rpc.hpp>
#include <dkvm/time.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace dkvm::detail {

// The pools that a running device produces into: it asks for them, borrows their
// slots and publishes them.
class OwnPools final : private PoolHome {
 public:
  static constexpr std::size_t kEarlyMax = 16;  // pools that come before the answer to their call
  static constexpr std::uint64_t kSlotGraceNs = 500'000'000;  // of the 1 s that the kernel waits
  // Getting the pages of more (about 3 ms for each MiB) is for a thread of its own.
  static constexpr std::size_t kPopulateAtOnceMax = 1024 * 1024;
  // Short enough to lie in the string itself.
  static constexpr const char* kNoSlot = "no slot is free";

  using OnSlot = std::function<void(Result<Slot>)>;

  // end: ends the device, with this error. Life: all others outlive this.
  OwnPools(Session& session, Calls& calls, Poller& poller, ClosedPools& closed,
           std::function<void(const Error&)> end)
      : session_(session),
        calls_(calls),
        poller_(poller),
        closed_(closed),
        end_(std::move(end)),
        given_back_(calls),
        helpers_(poller) {}
  OwnPools(const OwnPools&) = delete;
  OwnPools& operator=(const OwnPools&) = delete;
  ~OwnPools() {
    for (const auto& pool : pools_.all()) leave(*pool);
  }

  // --- what ports ask for -------------------------------------------------------

  // Errors: Errc::invalid, Errc::overloaded with too many calls outstanding.
  Result<> open(std::uint16_t port, const std::shared_ptr<Producer>& producer,
                PoolOptions options) {
    DKVM_CHECK(check_pool(options));
    const std::uint64_t ticket = producer->asked + 1;
    DKVM_CHECK(ask_for(
        {port, producer, std::make_shared<const PoolOptions>(std::move(options)), ticket, 0}));
    producer->wanted = producer->asked = ticket;
    return {};
  }

  // A buffer of its own size. on_slot is called once, perhaps at once; not any
  // more when the port is closed.
  void allocate(std::uint16_t port, const std::shared_ptr<Producer>& producer, std::size_t bytes,
                const OnSlot& on_slot) {
    PoolOptions options;
    options.slot_bytes = bytes;
    const auto asked = std::make_shared<const PoolOptions>(std::move(options));
    const auto answered = [this, port, producer, asked, on_slot](Result<std::uint32_t> pool) {
      if (pool) return await(*pool, {port, producer, asked, 0, on_slot});
      if (!producer->closed) on_slot(fail(std::move(pool).error()));
    };
    const std::string body =
        "{\"port\":" + std::to_string(port) + ",\"bytes\":" + std::to_string(bytes) + "}";
    if (auto sent = ask("memory.allocate", body, port, producer, answered); !sent)
      on_slot(fail(std::move(sent).error()));
  }

  // Errors: Errc::exhausted, perhaps at every tick: it costs no memory.
  static Result<Slot> borrow(Producer& producer) {
    if (!producer.has_slot()) {
      ++producer.exhausted;
      return fail(Errc::exhausted, kNoSlot);
    }
    const wire::BufferRef ref = producer.current->stock.back();
    producer.current->stock.pop_back();
    ++producer.current->in_hands;
    return Slot(producer.current, ref);
  }

  void port_closed(std::uint16_t port) {
    if (const auto gone = producers_.extract(port)) gone.mapped()->closed = true;
    std::erase_if(awaited_, [](const auto& entry) { return entry.second.producer->closed; });
    std::erase_if(early_, [&](const auto& entry) { return entry.open.port == port; });
    for (const std::uint32_t id : populating_of(port)) cancel_populating(id);
    for (const auto& pool : pools_.all()) {
      if (pool->port != port) continue;
      pools_.remove(pool->id);
      single_.erase(pool->id);
      poller_.cancel(pool->grace);
      const bool answer_due = pool->closing;
      leave(*pool);
      wishes_.count_close();
      if (answer_due) closed_.say(pool->id);
    }
  }

  // --- what the kernel says -----------------------------------------------------

  // Errors: Errc::corrupt for a pool that is not what it says, Errc::exhausted
  //         without memory; any of them ends the device, and so do those of attach().
  Result<> opened(const wire::PoolOpenT& open, Fd& fd) {
    if (told_.size() >= PoolTable::kPoolsMax || !told_.insert(open.pool).second)
      return fail(Errc::corrupt, "it is open already, or one too many");
    const auto producer = producers_.find(open.port);
    if (producer == producers_.end()) return {};  // closed meanwhile
    // Perhaps the one that an answer on its way speaks of.
    if (producer->second->unanswered != 0 && !awaited_.contains(open.pool)) {
      if (early_.size() >= kEarlyMax)
        return fail(Errc::corrupt, "the kernel opens pools that nobody has asked for");
      early_.push_back({open, std::move(fd)});
      return {};
    }
    return take_over(open, fd);
  }

  // False when it is none of these; else the kernel gets its one answer: at once, or
  // when the last slot has left the device's hands, at the latest after kSlotGrace.
  bool close(std::uint32_t id) {
    if (told_.erase(id) == 0) return false;
    const auto pool = pools_.find(id);
    if (!pool) {
      std::erase_if(early_, [&](const auto& entry) { return entry.open.pool == id; });
      cancel_populating(id);
      say_closed(id);
      return true;
    }
    pool->closing = true;
    pool->stock.clear();
    if (pool->in_hands == 0)
      all_slots_gone(*pool);
    else
      pool->grace = poller_.at(now_ns() + kSlotGraceNs, [this, pool] { all_slots_gone(*pool); });
    return true;
  }

  // Slots are granted.
  // Errors: Errc::corrupt for some that no pool of the port has.
  Result<> granted(const Frame& frame) {
    const auto found = producers_.find(frame.header.port());
    if (found == producers_.end()) return {};  // closed meanwhile
    const auto producer = found->second;       // its callbacks may close it
    const bool had_slot = producer->has_slot();
    for (std::size_t i = 0; i < frame.header.buffer_count(); ++i)
      DKVM_CHECK(grant(*producer, frame.header.port(), frame.buffer(i)));
    if (!had_slot && producer->has_slot() && producer->on_slots) producer->on_slots();
    return {};
  }

  // At the end of a batch: gives back what could not be given back before, and asks
  // again for what may be had now.
  void end_batch() {
    given_back_.write();
    if (!wishes_.any()) return;
    const auto again = [this](const PoolWish& wish) {
      if (auto asked = ask_for(wish); !asked) refused(wish, asked.error());
    };
    wishes_.settle(more_will_close(), again,
                   [this](const PoolWish& wish, const Error& why) { refused(wish, why); });
  }

 private:
  // A pool that the kernel has promised and not opened yet.
  struct Awaited {
    std::uint16_t port;
    std::shared_ptr<Producer> producer;
    std::shared_ptr<const PoolOptions> options;
    std::uint64_t ticket;
    OnSlot on_slot;
  };
  struct Early {
    wire::PoolOpenT open;
    Fd fd;
  };

  // A pool on its way to being mapped.
  struct Populating {
    std::shared_ptr<Pool> pool;
    Fd fd;
    std::shared_ptr<Producer> producer;
    OnSlot on_slot;
    std::uint64_t helper;
  };

  // --- asking -------------------------------------------------------------------

  // Errors: those of ask().
  Result<> ask_for(PoolWish wish) {
    wish.closes = wishes_.closes();
    return ask("memory.pool", body_of(wish), wish.port, wish.producer,
               [this, wish](Result<std::uint32_t> pool) {
                 if (pool)
                   return await(*pool, {wish.port, wish.producer, wish.options, wish.ticket, {}});
                 if (pool.error().code() == Errc::exhausted)
                   return wishes_.wait(wish, std::move(pool).error());
                 refused(wish, pool.error());
               });
  }

  // answered: with the number of the pool.
  Result<> ask(const char* method, const std::string& body, std::uint16_t port,
               const std::shared_ptr<Producer>& producer,
               std::function<void(Result<std::uint32_t>)> answered) {
    const auto read = [this, producer, answered = std::move(answered)](const Answer& answer) {
      --producer->unanswered;
      answered(pool_in(answer));
      open_early();
    };
    DKVM_CHECK(calls_.call("kernel", method, body, read, kCallTimeDefault));
    ++producer->unanswered;
    producers_[port] = producer;
    return {};
  }

  void await(std::uint32_t pool, Awaited awaited) {
    if (!awaited.producer->closed) awaited_[pool] = std::move(awaited);
  }

  // A pool is closing, or will as soon as the one that takes its place is in use.
  bool more_will_close() const {
    std::unordered_map<std::uint16_t, unsigned> pools_of;
    for (const auto& [id, awaited] : awaited_)
      if (!awaited.on_slot) ++pools_of[awaited.port];
    for (const auto& [id, populating] : populating_)
      if (!populating->pool->single) ++pools_of[populating->pool->port];
    for (const auto& pool : pools_.all()) {
      if (pool->closing) return true;
      if (!pool->single) ++pools_of[pool->port];
    }
    return std::any_of(pools_of.begin(), pools_of.end(),
                       [](const auto& port) { return port.second > 1; });
  }

  // What was in use before serves on.
  void refused(const PoolWish& wish, const Error& error) {
    Producer& producer = *wish.producer;
    if (producer.closed || error.code() == Errc::disconnected) return;
    if (producer.wanted == wish.ticket) producer.wanted = producer.granted;
    if (producer.on_refused) return producer.on_refused(error);
    end_(Error(error).within("no pool for what this device sends"));
  }

  // --- opening ------------------------------------------------------------------

  // Those that came before the answer that they belong to.
  void open_early() {
    for (auto& early : std::exchange(early_, {})) {
      const auto producer = producers_.find(early.open.port);
      if (producer == producers_.end()) continue;  // closed meanwhile
      if (producer->second->unanswered != 0 && !awaited_.contains(early.open.pool))
        early_.push_back(std::move(early));
      else if (auto done = take_over(early.open, early.fd); !done)
        end_(std::move(done).error().within("opening pool " + std::to_string(early.open.pool)));
    }
  }

  Result<> take_over(const wire::PoolOpenT& open, Fd& fd) {
    const auto producer = producers_.at(open.port);
    Awaited awaited{open.port, producer, producer->options, producer->granted, {}};
    if (auto asked = awaited_.extract(open.pool)) awaited = std::move(asked.mapped());
    if (!awaited.options) return fail(Errc::corrupt, "nobody has asked for it");
    DKVM_TRY(const auto pool, pools_.map(open, fd));
    if (awaited.options->slot_bytes > pool->stride)
      return fail(Errc::corrupt, "its slots have " + std::to_string(pool->stride) +
                                     " bytes, expected " +
                                     std::to_string(awaited.options->slot_bytes));
    pool->ticket = awaited.ticket;
    pool->single = awaited.on_slot != nullptr;
    pool->options = awaited.options;
    pool->stock.reserve(kWriterSlotsMax);
    if (!pool->single && pool->ticket >= producer->granted) {
      producer->options = pool->options;
      producer->granted = pool->ticket;
      producer->wanted = std::max(producer->wanted, pool->ticket);
    }
    auto populating = std::make_shared<Populating>(
        Populating{pool, std::move(fd), producer, std::move(awaited.on_slot), 0});
    if (open.bytes <= kPopulateAtOnceMax) {
      DKVM_CHECK(pool->mapping.prefault(populating->fd));
      return mapped(*populating);
    }
    return populate(populating);
  }

  // Others who have its frames already get them meanwhile.
  Result<> populate(const std::shared_ptr<Populating>& populating) {
    const auto work = [&mapping = populating->pool->mapping, &fd = populating->fd](
                          const std::atomic<bool>& stop) { return mapping.prefault(fd, stop); };
    const auto done = [this, populating](Result<> result) {
      const std::uint32_t id = populating->pool->id;
      populating_.erase(id);
      if (result) result = mapped(*populating);
      if (!result) end_(std::move(result).error().within("opening pool " + std::to_string(id)));
    };
    DKVM_TRY(populating->helper, helpers_.start(work, done));
    populating_[populating->pool->id] = populating;
    return {};
  }

  // No answer but to a pool_close comes of it any more.
  void cancel_populating(std::uint32_t id) {
    if (const auto populating = populating_.extract(id))
      helpers_.cancel(populating.mapped()->helper);
  }

  std::vector<std::uint32_t> populating_of(std::uint16_t port) const {
    std::vector<std::uint32_t> ids;
    for (const auto& [id, populating] : populating_)
      if (populating->pool->port == port) ids.push_back(id);
    return ids;
  }

  Result<> mapped(Populating& populated) {
    const auto& pool = populated.pool;
    if (pool->options->attach) {  // which may close the port
      if (auto attached = pool->options->attach(pool->view(populated.fd.get())); !attached) {
        end_(std::move(attached).error().within("attaching to pool " + std::to_string(pool->id)));
        return {};
      }
    }
    if (populated.producer->closed) {
      leave(*pool);
      return {};
    }
    pool->home = this;
    pools_.add(pool);
    if (pool->single) single_[pool->id] = std::move(populated.on_slot);
    wire::PoolIdT message;
    message.pool = pool->id;
    return session_.send_table({.kind = wire::FrameKind::pool_mapped}, message);
  }

  // --- slots --------------------------------------------------------------------

  Result<> grant(Producer& producer, std::uint16_t port, const wire::BufferRef& slot) {
    const auto pool = pools_.find(slot.pool());
    if (!pool || pool->port != port || pool->closing) return {};  // closed meanwhile
    const auto same = [&](const auto& other) { return other.slot() == slot.slot(); };
    if (!pool->holds(slot) || slot.length() < pool->options->slot_bytes ||
        pool->stock.size() + pool->in_hands >= pool->slot_count ||
        std::any_of(pool->stock.begin(), pool->stock.end(), same))
      return fail(Errc::corrupt, "the kernel grants slot " + std::to_string(slot.slot()) +
                                     " of pool " + std::to_string(slot.pool()) +
                                     ", which has no such slot to grant");
    if (pool->single) {
      auto waiting = single_.extract(slot.pool());
      if (!waiting) return {};
      ++pool->in_hands;
      waiting.mapped()(Slot(pool, slot));
      return {};
    }
    pool->stock.push_back(slot);
    // A pool that takes another's place gets slots once the other gets no more.
    if (!producer.current || pool->ticket >= producer.current->ticket) producer.current = pool;
    return {};
  }

  void give_back(const Pool& pool, const wire::BufferRef& slot) override {
    given_back_.give(pool.port, slot);
  }

  // Or they are dead from here on.
  void all_slots_gone(Pool& pool) override {
    const std::uint32_t id = pool.id;
    poller_.cancel(pool.grace);
    pool.replaced = true;
    pools_.remove(id);  // whose slot it was keeps it until this returns
    if (const auto producer = producers_.find(pool.port);
        producer != producers_.end() && producer->second->current.get() == &pool)
      producer->second->current = nullptr;
    leave(pool);
    say_closed(id);
  }
  void say_closed(std::uint32_t id) {
    wishes_.count_close();
    closed_.say(id);
  }

  // The pool is done with; handles of its slots keep it mapped.
  static void leave(Pool& pool) {
    pool.closing = true;
    pool.home = nullptr;
    pool.stock.clear();
    if (pool.options && pool.options->detach) pool.options->detach(pool.view(-1));
  }

  Session& session_;
  Calls& calls_;
  Poller& poller_;
  ClosedPools& closed_;
  std::function<void(const Error&)> end_;
  PoolTable pools_;
  std::unordered_set<std::uint32_t> told_;  // of pool_open, and not of pool_close yet
  std::unordered_map<std::uint16_t, std::shared_ptr<Producer>> producers_;  // with their ports
  std::unordered_map<std::uint32_t, Awaited> awaited_;
  std::vector<Early> early_;
  std::unordered_map<std::uint32_t, OnSlot> single_;  // the slot is on its way
  GivenBack given_back_;
  PoolWishes wishes_;
  // Shared with the helpers that work on them.
  std::unordered_map<std::uint32_t, std::shared_ptr<Populating>> populating_;
  Helpers helpers_;  // ends first
};

}  // namespace dkvm::detail
