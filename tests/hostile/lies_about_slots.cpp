#include "tests/hostile/lie.hpp"
#include "tests/hostile/pool_liar.hpp"

#include <unistd.h>

#include <csignal>
#include <limits>

// Producers that publish what is not theirs to publish.
namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;
using Ref = wire::BufferRef;
using Refs = PoolLiar::Refs;

constexpr std::uint64_t kFarthest = std::numeric_limits<std::uint64_t>::max();

// Publishes its second slot, with something wrong about it.
template <void (*Spoil)(Ref&)>
int publish(LiarStream& stream) {
  PoolLiar liar(stream);
  Ref ref = liar.working_pool()[1];
  Spoil(ref);
  liar.publish({ref});
  return liar.live();
}

void no_such_pool(Ref& ref) { ref.mutate_pool(ref.pool() + 1000); }
void slot_beyond(Ref& ref) { ref.mutate_slot(3); }
void farthest_slot(Ref& ref) { ref.mutate_slot(std::numeric_limits<std::uint32_t>::max()); }
void next_generation(Ref& ref) { ref.mutate_generation(ref.generation() + 1); }
void no_generation(Ref& ref) { ref.mutate_generation(0); }
void other_memory(Ref& ref) { ref.mutate_memory(1); }
void no_bytes(Ref& ref) { ref.mutate_length(0); }
void byte_too_long(Ref& ref) { ref.mutate_length(ref.length() + 1); }
void endless(Ref& ref) { ref.mutate_length(kFarthest); }
void byte_too_early(Ref& ref) { ref.mutate_offset(ref.offset() - 1); }
void byte_too_late(Ref& ref) { ref.mutate_offset(ref.offset() + 1); }
void offset_of_another(Ref& ref) { ref.mutate_offset(0); }

void offset_beyond(Ref& ref) {
  ref.mutate_offset(ref.offset() + kLiarSlotBytes);
  ref.mutate_length(1);
}

// Its end is 64 bits round, within the slot again.
void offset_overflows(Ref& ref) {
  ref.mutate_offset(kFarthest - 7);
  ref.mutate_length(8 + 2 * kLiarSlotBytes);
}

void length_overflows(Ref& ref) {
  ref.mutate_offset(ref.offset() + 16);
  ref.mutate_length(kFarthest - 7);
}

int before_mapping(LiarStream& stream) {
  PoolLiar liar(stream);
  const std::uint32_t pool = liar.open_pool().open.pool;
  liar.publish({Ref(pool, 0, 1, 0, 0, 0, kLiarSlotBytes)});
  return liar.live();
}

// Nobody consumes it, so that it is free again at once, and not granted again.
int again(LiarStream& stream) {
  PoolLiar liar(stream);
  const Ref ref = liar.working_pool()[0];
  liar.publish({ref});
  liar.publish({ref});
  return liar.live();
}

int twice_in_an_event(LiarStream& stream) {
  PoolLiar liar(stream);
  const Refs refs = liar.working_pool();
  liar.publish({refs[0], refs[1], refs[0]});
  return liar.live();
}

int from_another_port(LiarStream& stream) {
  PoolLiar liar(stream);
  const Refs refs = liar.working_pool();
  liar.publish({refs[0]}, kSecondPort);
  return liar.live();
}

int after_giving_back(LiarStream& stream) {
  PoolLiar liar(stream);
  const Ref ref = liar.working_pool()[0];
  if (liar.call("memory.release", kScreenPort, ref) != wire::Code::ok) return 3;
  liar.publish({ref});
  return liar.live();
}

int after_closing(LiarStream& stream) {
  PoolLiar liar(stream);
  const Refs old = liar.working_pool();
  liar.working_pool();
  liar.say(Kind::pool_closed, liar.next_close());
  liar.publish({old[0]});
  return liar.live();
}

// Right a million times, sixteen slots an event, before it is wrong once.
int a_million(LiarStream& stream) {
  constexpr unsigned kSlots = 16;
  PoolLiar liar(stream);
  Refs refs = liar.working_pool(kSlots);
  for (std::size_t published = 0; published < 1'000'000;) {
    liar.publish(refs);
    published += refs.size();
    refs = liar.next_slots();
  }
  refs[0].mutate_generation(refs[0].generation() - 1);
  liar.publish(refs);
  return liar.live();
}

// As fast as the stream takes them, and never reading.
int a_million_forgeries(LiarStream& stream) {
  PoolLiar liar(stream);
  Ref ref = liar.working_pool()[0];
  ref.mutate_generation(ref.generation() + 1);
  LiarStream::Bits bits;
  for (int i = 0; i < 100; ++i) {
    const auto one = liar.event({ref});
    bits.insert(bits.end(), one.begin(), one.end());
  }
  for (int i = 0; i < 10'000 && liar.stream().put(bits); ++i) {
  }
  return liar.live();
}

int killed_before_publishing(LiarStream& stream) {
  PoolLiar liar(stream);
  liar.working_pool();
  std::raise(SIGKILL);
  return 0;
}

// The part that arrives ends within the buffer that it names.
int killed_in_a_frame(LiarStream& stream) {
  PoolLiar liar(stream);
  const auto bits = liar.event(liar.working_pool());
  stream.put(Bytes(bits).first(kHeaderBytes + kBufferRefBytes / 2));
  std::raise(SIGKILL);
  return 0;
}

// Its last picture is with a consumer when it dies.
int killed_after_publishing(LiarStream& stream) {
  PoolLiar liar(stream);
  const PoolLiar::Pool pool = liar.open_pool();
  // While it still can be written so: later only by a mapping.
  if (!mark(pool.fd, Ref(0, 0, 0, 0, 0, 0, pool.open.bytes), ::getpid())) return 3;
  liar.say(Kind::pool_mapped, pool.open.pool);
  const Ref ref = liar.next_slots()[0];
  liar.wait_asked();
  liar.publish({ref});
  std::raise(SIGKILL);
  return 0;
}

}  // namespace

std::vector<Lie> lies_about_slots() {
  const auto manifest = pool_liar_manifest;
  return {{"publish-no-such-pool", true, publish<no_such_pool>, manifest},
          {"publish-slot-beyond", true, publish<slot_beyond>, manifest},
          {"publish-farthest-slot", true, publish<farthest_slot>, manifest},
          {"publish-next-generation", true, publish<next_generation>, manifest},
          {"publish-no-generation", true, publish<no_generation>, manifest},
          {"publish-other-memory", true, publish<other_memory>, manifest},
          {"publish-no-bytes", true, publish<no_bytes>, manifest},
          {"publish-byte-too-long", true, publish<byte_too_long>, manifest},
          {"publish-endless", true, publish<endless>, manifest},
          {"publish-byte-too-early", true, publish<byte_too_early>, manifest},
          {"publish-byte-too-late", true, publish<byte_too_late>, manifest},
          {"publish-offset-of-another", true, publish<offset_of_another>, manifest},
          {"publish-offset-beyond", true, publish<offset_beyond>, manifest},
          {"publish-offset-overflows", true, publish<offset_overflows>, manifest},
          {"publish-length-overflows", true, publish<length_overflows>, manifest},
          {"publish-before-mapping", true, before_mapping, manifest},
          {"publish-again", true, again, manifest},
          {"publish-twice-in-an-event", true, twice_in_an_event, manifest},
          {"publish-from-another-port", true, from_another_port, manifest},
          {"publish-after-giving-back", true, after_giving_back, manifest},
          {"publish-after-closing", true, after_closing, manifest},
          {"publish-a-million", true, a_million, manifest},
          {"publish-a-million-forgeries", true, a_million_forgeries, manifest},
          {"killed-before-publishing", true, killed_before_publishing, manifest},
          {"killed-in-a-frame", true, killed_in_a_frame, manifest},
          {"killed-after-publishing", true, killed_after_publishing, manifest}};
}

}  // namespace dkvm::test
