#include "tests/fuzz/unpack.hpp"
#include "tests/support/seed.hpp"
#include "tests/unit/sdk/golden_frames.hpp"

#include <catch2/catch.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

using namespace dkvm;
using namespace dkvm::test;

namespace {

// Memory that ends where a page begins that nobody may read: one byte too far
// ends the test program.
class GuardedBytes {
 public:
  GuardedBytes() {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    room_ = (2 * kFrameBytesMax + page - 1) / page * page;
    size_ = room_ + page;
    memory_ = static_cast<std::byte*>(
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(memory_ != MAP_FAILED);
    REQUIRE(::mprotect(memory_ + room_, page, PROT_NONE) == 0);
  }
  ~GuardedBytes() { ::munmap(memory_, size_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  // The same bytes, their last one (but for alignment to 8) before the guard.
  Bytes hold(Bytes bytes) {
    std::byte* at = memory_ + room_ - padded_bytes(bytes.size());
    std::copy(bytes.begin(), bytes.end(), at);
    return {at, bytes.size()};
  }

 private:
  std::byte* memory_ = nullptr;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
};

// Changes one thing, preferring values at which codecs break.
void mutate(Random& random, std::vector<std::byte>& bytes) {
  constexpr std::uint32_t kWords[] = {0, 1, 4, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF};
  const std::size_t at = random.between(0, bytes.size() - 1);
  switch (random.between(0, 3)) {
    case 0: bytes[at] ^= static_cast<std::byte>(1U << random.between(0, 7)); break;
    case 1: bytes[at] = static_cast<std::byte>(random.between(0, 255)); break;
    case 2: {
      const std::uint32_t word = kWords[random.between(0, std::size(kWords) - 1)];
      std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), bytes.size() - at));
      break;
    }
    default: {  // one stretch over another
      const std::size_t from = random.between(0, bytes.size() - 1);
      const std::size_t count = std::min({bytes.size() - at, bytes.size() - from, std::size_t{16}});
      std::memmove(bytes.data() + at, bytes.data() + from, count);
      break;
    }
  }
}

struct Seen {
  int frames = 0;
  int valid = 0;
  int faults = 0;
};

void read_everything(Bytes bytes, Seen& seen) {
  FrameDecoder decoder(bytes);
  for (Frame frame; decoder.next(frame);) {
    ++seen.frames;
    if (payload_unpacks(frame) && sum_of_parts(frame) != 1) ++seen.valid;
  }
  if (decoder.fault() != FrameFault::none) ++seen.faults;
  REQUIRE(decoder.consumed() <= bytes.size());
}

}  // namespace

TEST_CASE("frames damaged at random are read or refused, never read beyond their end") {
  Random random;
  INFO(random.again());
  const auto golden = golden_frames();
  GuardedBytes guarded;
  Seen seen;
  for (int round = 0; round < 200'000; ++round) {
    auto bytes = golden[random.between(0, golden.size() - 1)].bytes;
    for (auto changes = random.between(1, 4); changes > 0; --changes) mutate(random, bytes);
    if (random.between(0, 9) == 0) bytes.resize(random.between(0, bytes.size()));
    read_everything(guarded.hold(bytes), seen);
  }
  // The damage reached every depth: layout, payload, and through.
  CHECK(seen.faults > 1000);
  CHECK(seen.frames > 1000);
  CHECK(seen.valid > 1000);
  CHECK(seen.valid < seen.frames);
}

TEST_CASE("payloads damaged at random are read as any table or refused") {
  Random random;
  INFO(random.again());
  const auto golden = golden_frames();
  GuardedBytes guarded;
  Seen seen;
  for (int round = 0; round < 200'000; ++round) {
    auto bytes = golden[random.between(0, golden.size() - 1)].bytes;
    if (bytes.size() == kHeaderBytes) continue;
    std::vector<std::byte> payload(bytes.begin() + kHeaderBytes, bytes.end());
    for (auto changes = random.between(0, 4); changes > 0; --changes) mutate(random, payload);
    // Read under a name that it may not have: a lie about the topic.
    Frame frame{make_header(static_cast<wire::FrameKind>(random.between(1, 23))), {}, {}, {}};
    frame.header.mutate_topic(static_cast<TopicId>(random.between(1, 70)));
    frame.payload = guarded.hold(payload);
    ++seen.frames;
    if (payload_unpacks(frame)) ++seen.valid;
  }
  CHECK(seen.valid > 1000);
  CHECK(seen.valid < seen.frames);
}
