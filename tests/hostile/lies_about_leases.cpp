#include "tests/hostile/lie.hpp"
#include "tests/hostile/pool_liar.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <set>

// Consumers that give back, pass on or keep what they should not.
namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;
using Ref = wire::BufferRef;
using Refs = PoolLiar::Refs;

// The writer's three, and one for a consumer at least.
constexpr std::uint32_t kLampSlotsMin = 4;

void no_such_pool(Ref& ref) { ref.mutate_pool(ref.pool() + 1000); }
void slot_beyond(Ref& ref) { ref.mutate_slot(1'000'000); }
void next_generation(Ref& ref) { ref.mutate_generation(ref.generation() + 1); }
void last_generation(Ref& ref) { ref.mutate_generation(ref.generation() - 1); }
void a_byte_earlier(Ref& ref) { ref.mutate_offset(ref.offset() - 1); }
void a_byte_longer(Ref& ref) { ref.mutate_length(ref.length() + 64 * 1024); }

// All that it may hold of a picture's pool.
struct Hold {
  Ref held;
  unsigned leases = 1;  // of `held`
  Ref others;           // a slot of which it holds nothing
};

// Once its share is used up no further buffer can come.
Hold hold_all(PoolLiar& liar) {
  Hold hold;
  hold.others = hold.held = liar.next_event()[0];
  while (liar.call("memory.retain", kViewPort, hold.held) == wire::Code::ok) ++hold.leases;
  std::set<std::uint32_t> slots{hold.held.slot()};
  while (liar.has_event()) slots.insert(liar.next_event()[0].slot());
  while (slots.contains(hold.others.slot()))
    hold.others.mutate_slot((hold.others.slot() + 1) % kLampSlotsMin);
  return hold;
}

template <void (*Spoil)(Ref&)>
int release(LiarStream& stream) {
  PoolLiar liar(stream);
  Refs refs = liar.next_event();
  Spoil(refs[0]);
  liar.release(refs);
  return liar.live();
}

// Passes on a picture that it got, on its own screen.
template <void (*Spoil)(Ref&)>
int forward(LiarStream& stream) {
  PoolLiar liar(stream);
  Refs refs = liar.next_event();
  Spoil(refs[0]);
  liar.publish(refs);
  return liar.live();
}

int release_of_others(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.release({hold_all(liar).others});
  return liar.live();
}

int forward_of_others(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.publish({hold_all(liar).others});
  return liar.live();
}

int forward_after_release(LiarStream& stream) {
  PoolLiar liar(stream);
  const Refs refs = liar.next_event();
  liar.release(refs);
  liar.publish(refs);
  return liar.live();
}

int release_twice(LiarStream& stream) {
  PoolLiar liar(stream);
  const Refs refs = liar.next_event();
  liar.release(refs);
  liar.release(refs);
  return liar.live();
}

int release_twice_at_once(LiarStream& stream) {
  PoolLiar liar(stream);
  const Ref ref = liar.next_event()[0];
  liar.release({ref, ref});
  return liar.live();
}

template <std::uint16_t port>
int release_on(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.release(liar.next_event(), port);
  return liar.live();
}

int release_nothing(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.next_event();
  liar.release({});
  return liar.live();
}

// Gets them sixteen at a time, gives a million back and then one twice.
int release_a_million(LiarStream& stream) {
  PoolLiar liar(stream);
  Refs refs;
  for (std::size_t released = 0; released < 1'000'000; released += refs.size()) {
    refs = liar.next_event();
    liar.release(refs);
    liar.apply();
    liar.tidy();
  }
  liar.release(refs);
  return liar.live();
}

// Its honest producer, as fast as slots come.
int a_million_pictures(LiarStream& stream) {
  PoolLiar liar(stream);
  for (Refs refs = liar.working_pool(16); liar.publish(refs);) {
    liar.tidy();
    refs = liar.next_slots();
  }
  return 0;
}

int release_a_million_forgeries(LiarStream& stream) {
  PoolLiar liar(stream);
  Ref ref = liar.next_event()[0];
  ref.mutate_generation(ref.generation() + 1);
  LiarStream::Bits bits;
  for (int i = 0; i < 100; ++i) {
    const auto one = PoolLiar::releasing({ref});
    bits.insert(bits.end(), one.begin(), one.end());
  }
  for (int i = 0; i < 10'000 && stream.put(bits); ++i) {
  }
  return liar.live();
}

// By calls, wrong is answered and nobody ends.
int lease_calls(LiarStream& stream) {
  using wire::Code;
  PoolLiar liar(stream);
  const auto [held, leases, others] = hold_all(liar);
  const auto expect = [&](const char* method, std::uint16_t port, Ref ref, void (*spoil)(Ref&),
                          Code expected) {
    if (spoil != nullptr) spoil(ref);
    const Code code = liar.call(method, port, ref);
    if (code == expected) return;
    std::fprintf(stderr, "<3>%s on port %d: %s, expected %s\n", method, port,
                 wire::EnumNameCode(code), wire::EnumNameCode(expected));
    std::_Exit(3);
  };
  for (const char* method : {"memory.retain", "memory.release"}) {
    for (const auto spoil : {no_such_pool, slot_beyond, next_generation, last_generation})
      expect(method, kViewPort, held, spoil, Code::invalid);
    expect(method, kViewPort, others, nullptr, Code::invalid);
    for (const std::uint16_t port : {kScreenPort, kSecondPort, kNoPort, std::uint16_t{0}})
      expect(method, port, held, nullptr, Code::invalid);
  }
  expect("memory.retain", kViewPort, held, nullptr, Code::exhausted);
  for (unsigned i = 0; i < leases; ++i)
    expect("memory.release", kViewPort, held, nullptr, Code::ok);
  expect("memory.release", kViewPort, held, nullptr, Code::invalid);
  return liar.goodbye();
}

int never_release(LiarStream& stream) {
  PoolLiar liar(stream);
  for (;;) {
    liar.next_event();
    liar.apply();
  }
}

// Honest: a new pool for each picture, as a screen whose size changes has.
int ever_new_pools(LiarStream& stream) {
  PoolLiar liar(stream);
  Refs refs = liar.working_pool();
  liar.wait_asked();
  for (int i = 0; i < 40; ++i) {
    liar.publish({refs[0]});
    refs = liar.working_pool();
    liar.say(Kind::pool_closed, liar.next_close());
  }
  return liar.goodbye();
}

// Keeps a buffer of each pool that it can have one of.
int hoard(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.next_pool();
  liar.ask();
  for (;;) {
    liar.next_event();
    liar.apply();
  }
}

int killed_with_leases(LiarStream& stream) {
  PoolLiar liar(stream);
  hold_all(liar);
  std::raise(SIGKILL);
  return 0;
}

// Says so of a pool that it only reads.
template <Kind kind>
int say_of_view(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.say(kind, liar.next_pool().open.pool);
  return liar.live();
}

int keep_closed_pool(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.close_by_hand();
  for (;;) {
    liar.release(liar.next_event());
    liar.apply();
  }
}

// Honest: what it holds stays readable when whoever drew it is dead.
int outlive(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.close_by_hand();
  const PoolLiar::Pool pool = liar.next_pool();
  liar.ask();
  const Refs held = liar.next_event();
  const pid_t producer = marked(pool.fd, held[0]);
  if (producer == 0) return 3;
  while (::kill(producer, 0) == 0) ::usleep(1000);
  if (marked(pool.fd, held[0]) != producer) return 3;
  liar.release(held);
  if (liar.next_close() != pool.open.pool) return 3;
  liar.say(Kind::pool_closed, pool.open.pool);
  return liar.goodbye();
}

}  // namespace

std::vector<Lie> lies_about_leases() {
  const auto manifest = pool_liar_manifest;
  return {{"release-no-such-pool", true, release<no_such_pool>, manifest},
          {"release-slot-beyond", true, release<slot_beyond>, manifest},
          {"release-next-generation", true, release<next_generation>, manifest},
          {"release-last-generation", true, release<last_generation>, manifest},
          {"release-of-others", true, release_of_others, manifest},
          {"release-twice", true, release_twice, manifest},
          {"release-twice-at-once", true, release_twice_at_once, manifest},
          {"release-on-source", true, release_on<kScreenPort>, manifest},
          {"release-on-no-port", true, release_on<kNoPort>, manifest},
          {"release-nothing", true, release_nothing, manifest},
          {"release-a-million", true, release_a_million, manifest},
          {"a-million-pictures", true, a_million_pictures, manifest},
          {"release-a-million-forgeries", true, release_a_million_forgeries, manifest},
          {"forward-next-generation", true, forward<next_generation>, manifest},
          {"forward-of-others", true, forward_of_others, manifest},
          {"forward-byte-earlier", true, forward<a_byte_earlier>, manifest},
          {"forward-byte-longer", true, forward<a_byte_longer>, manifest},
          {"forward-after-release", true, forward_after_release, manifest},
          {"lease-calls", true, lease_calls, manifest},
          {"never-release", true, never_release, manifest},
          {"ever-new-pools", true, ever_new_pools, manifest},
          {"hoard", true, hoard, manifest},
          {"killed-with-leases", true, killed_with_leases, manifest},
          {"map-what-it-reads", true, say_of_view<Kind::pool_mapped>, manifest},
          {"close-what-is-open", true, say_of_view<Kind::pool_closed>, manifest},
          {"keep-closed-pool", true, keep_closed_pool, manifest},
          {"outlive", true, outlive, manifest}};
}

}  // namespace dkvm::test
