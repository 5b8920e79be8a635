#include "tests/hostile/lie.hpp"
#include "tests/hostile/pool_liar.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

// Producers that spoil what they were given to map, or do not answer for it.
namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;
using wire::Code;

template <int seals>
int seal_first(LiarStream& stream) {
  PoolLiar liar(stream);
  const PoolLiar::Pool pool = liar.open_pool();
  if (::fcntl(pool.fd, F_ADD_SEALS, seals) != 0) return 3;
  liar.say(Kind::pool_mapped, pool.open.pool);
  return liar.live();
}

// What the kernel is about to do anyway, or has done.
template <int seals>
int seal_in_advance(LiarStream& stream) {
  PoolLiar liar(stream);
  const PoolLiar::Pool pool = liar.open_pool();
  if (::fcntl(pool.fd, F_ADD_SEALS, seals) != 0) return 3;
  liar.say(Kind::pool_mapped, pool.open.pool);
  liar.publish(liar.next_slots());
  return liar.goodbye();
}

int truncate_first(LiarStream& stream) {
  PoolLiar liar(stream);
  const PoolLiar::Pool pool = liar.open_pool();
  const auto bytes = static_cast<off_t>(pool.open.bytes);
  for (const off_t size : {off_t{0}, bytes - 1, bytes + 1, 2 * bytes})
    if (::ftruncate(pool.fd, size) == 0) return 3;
  if (::fallocate(pool.fd, 0, bytes, 4096) == 0) return 3;
  liar.say(Kind::pool_mapped, pool.open.pool);
  liar.publish(liar.next_slots());
  return liar.goodbye();
}

int never_map(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.open_pool();
  for (;;) liar.next_slots();
}

int map_twice(LiarStream& stream) {
  PoolLiar liar(stream);
  const std::uint32_t pool = liar.working_pool()[0].pool();
  liar.say(Kind::pool_mapped, pool);
  return liar.live();
}

int map_no_pool(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.say(Kind::pool_mapped, 4711);
  return liar.live();
}

int close_open_pool(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.say(Kind::pool_closed, liar.working_pool()[0].pool());
  return liar.live();
}

int close_unmapped_pool(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.say(Kind::pool_closed, liar.open_pool().open.pool);
  return liar.live();
}

int close_twice(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.working_pool();
  liar.working_pool();
  const std::uint32_t old = liar.next_close();
  liar.say(Kind::pool_closed, old);
  liar.say(Kind::pool_closed, old);
  return liar.live();
}

int never_close(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.working_pool();
  liar.working_pool();
  for (;;) liar.next_event();
}

[[noreturn]] void surprised(const std::string& asked, const wire::ResponseT& answer) {
  std::fprintf(stderr, "<3>%s is %s: %s\n", asked.c_str(), wire::EnumNameCode(answer.code),
               answer.message.c_str());
  std::_Exit(3);
}

void expect(PoolLiar& liar, Code expected, const std::string& method, const std::string& body) {
  const auto answer = liar.call(method, body);
  if (answer.code != expected || (expected != Code::ok && answer.message.empty()))
    surprised(method + " " + body, answer);
}

// Numbers that are none, too large or of another port: refused, each of them.
int absurd_requests(LiarStream& stream) {
  const std::vector<std::string> numbers = {"0",
                                            "9223372036854775808",
                                            "18446744073709551615",
                                            "18446744073709551616",
                                            "1e30",
                                            "-1",
                                            "-9223372036854775808",
                                            "0.5",
                                            "4096.0",
                                            "\"4096\"",
                                            "null",
                                            "true",
                                            "[4096]",
                                            "1099511627777"};
  PoolLiar liar(stream);
  for (const auto& number : numbers) {
    expect(liar, Code::invalid, "memory.pool", "{\"port\":1,\"slot_bytes\":" + number + "}");
    expect(liar, Code::invalid, "memory.allocate", "{\"port\":1,\"bytes\":" + number + "}");
  }
  for (const char* slots : {"0", "17", "-1", "2.5", "4294967297", "\"3\""})
    expect(liar, Code::invalid, "memory.pool",
           std::string("{\"port\":1,\"slot_bytes\":4096,\"slots\":") + slots + "}");
  for (const char* port : {"0", "2", "9", "65535", "65536", "65537", "-1", "1.5", "\"screen\""}) {
    const std::string own = std::string("{\"port\":") + port;
    expect(liar, Code::invalid, "memory.pool", own + ",\"slot_bytes\":4096}");
    expect(liar, Code::invalid, "memory.allocate", own + ",\"bytes\":4096}");
  }
  const std::string pool = "{\"port\":1,\"slot_bytes\":4096,\"memory\":";
  for (const char* memory : {"\"dmabuf\"", "\"imported\"", "\"\"", "0"})
    expect(liar, Code::invalid, "memory.pool", pool + memory + "}");
  expect(liar, Code::denied, "memory.pool", pool + "\"named\"}");
  for (const char* body : {"", "{}", "[]", "4096", "{\"port\":1", "{\"port\":1,\"bites\":1}"}) {
    expect(liar, Code::invalid, "memory.pool", body);
    expect(liar, Code::invalid, "memory.allocate", body);
    expect(liar, Code::invalid, "memory.retain", body);
    expect(liar, Code::invalid, "memory.release", body);
  }
  expect(liar, Code::denied, "memory.stats", "{}");
  return liar.goodbye();
}

// With 1 MiB for its pools together.
int more_than_its_share(LiarStream& stream) {
  PoolLiar liar(stream);
  const auto ask = [](const char* bytes) {
    return std::string("{\"port\":1,\"slot_bytes\":") + bytes + "}";
  };
  expect(liar, Code::invalid, "memory.pool", ask("1048577"));
  expect(liar, Code::invalid, "memory.pool", ask("1099511627776"));
  expect(liar, Code::invalid, "memory.allocate", "{\"port\":1,\"bytes\":1048577}");
  expect(liar, Code::ok, "memory.pool", ask("1048576"));  // one slot is all that it gets
  expect(liar, Code::exhausted, "memory.allocate", "{\"port\":1,\"bytes\":1}");
  expect(liar, Code::exhausted, "memory.pool", "{\"port\":3,\"slot_bytes\":1}");
  return liar.goodbye();
}

int seventeen_pools(LiarStream& stream) {
  PoolLiar liar(stream);
  for (int i = 0; i < 16; ++i)
    expect(liar, Code::ok, "memory.allocate", "{\"port\":1,\"bytes\":4096}");
  expect(liar, Code::exhausted, "memory.allocate", "{\"port\":1,\"bytes\":4096}");
  expect(liar, Code::exhausted, "memory.pool", "{\"port\":1,\"slot_bytes\":4096}");
  return liar.goodbye();
}

// Each pool takes the place of the one before it, which is to be closed; what
// does not fit any more is refused at once.
int a_thousand_pools(LiarStream& stream) {
  PoolLiar liar(stream);
  bool refused = false;
  for (int i = 0; i < 1000; ++i) {
    const auto answer = liar.call("memory.pool", "{\"port\":1,\"slot_bytes\":4096}");
    if (answer.code != Code::ok && answer.code != Code::exhausted) surprised("a pool", answer);
    refused = refused || answer.code == Code::exhausted;
    if (answer.code == Code::exhausted) liar.say(Kind::pool_closed, liar.next_close());
  }
  return refused ? liar.goodbye() : 3;
}

// Pools come and go at its word, and it never looks at one: it knows the numbers,
// as the lamp, which it waits for, has its pool before.
int open_and_never_read(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.next_event();
  std::uint32_t last = 0;
  do {
    const PoolLiar::Pool pool = liar.next_pool();
    last = pool.open.pool;
  } while (liar.has_pool());
  const std::string request = "{\"port\":1,\"slot_bytes\":4096}";
  liar.ask_kernel("memory.pool", request);
  for (++last; liar.ask_kernel("memory.pool", request); ++last) liar.say(Kind::pool_closed, last);
  for (;;) ::pause();
}

int named_without_trust(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.open_pool(3, "named");
  return 0;
}

}  // namespace

std::vector<Lie> lies_about_pools() {
  const auto manifest = pool_liar_manifest;
  return {{"seal-write", true, seal_first<F_SEAL_WRITE>, manifest},
          {"seal-seal", true, seal_first<F_SEAL_SEAL>, manifest},
          {"seal-all", true, seal_first<F_SEAL_FUTURE_WRITE | F_SEAL_SEAL>, manifest},
          {"seal-future-write", true, seal_in_advance<F_SEAL_FUTURE_WRITE>, manifest},
          {"seal-size", true, seal_in_advance<F_SEAL_GROW | F_SEAL_SHRINK>, manifest},
          {"truncate-first", true, truncate_first, manifest},
          {"never-map", true, never_map, manifest},
          {"map-twice", true, map_twice, manifest},
          {"map-no-pool", true, map_no_pool, manifest},
          {"close-open-pool", true, close_open_pool, manifest},
          {"close-unmapped-pool", true, close_unmapped_pool, manifest},
          {"close-twice", true, close_twice, manifest},
          {"never-close", true, never_close, manifest},
          {"absurd-requests", true, absurd_requests, manifest},
          {"more-than-its-share", true, more_than_its_share, manifest},
          {"seventeen-pools", true, seventeen_pools, manifest},
          {"a-thousand-pools", true, a_thousand_pools, manifest},
          {"open-and-never-read", true, open_and_never_read, manifest},
          {"named-without-trust", true, named_without_trust, manifest}};
}

}  // namespace dkvm::test
