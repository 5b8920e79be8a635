#include "tests/hostile/lie.hpp"
#include "tests/hostile/pool_liar.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

// Consumers that get hold of the memory itself, and of names of it.
namespace dkvm::test {
namespace {

using Kind = wire::FrameKind;

constexpr std::size_t kPage = 4096;
const std::array<char, 16> kGraffiti = {"I was here once"};

// Everything that might change memory by way of one descriptor of it. What
// succeeds is told on stderr.
class Tamperer {
 public:
  Tamperer(int fd, const wire::PoolOpenT& pool) : fd_(fd), bytes_(pool.bytes) {}

  bool any_worked() const { return worked_; }

  void try_all(const std::string& how) {
    how_ = how;
    try_size();
    try_writing();
    try_mapping();
    const int seals = ::fcntl(fd_, F_GET_SEALS);
    tell("adding a seal",
         ::fcntl(fd_, F_ADD_SEALS, F_SEAL_WRITE) == 0 || ::fcntl(fd_, F_GET_SEALS) != seals);
  }

 private:
  void tell(const char* what, bool worked) {
    if (!worked) return;
    worked_ = true;
    std::fprintf(stderr, "<3>%s worked on the descriptor %s\n", what, how_.c_str());
  }

  void try_size() {
    const auto bytes = static_cast<off_t>(bytes_);
    tell("emptying", ::ftruncate(fd_, 0) == 0);
    tell("growing", ::ftruncate(fd_, 2 * bytes) == 0);
    tell("allocating more", ::fallocate(fd_, 0, bytes, kPage) == 0);
    tell("punching a hole",
         ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, bytes) == 0);
    tell("zeroing", ::fallocate(fd_, FALLOC_FL_ZERO_RANGE, 0, bytes) == 0);
  }

  void try_writing() {
    tell("pwrite", ::pwrite(fd_, kGraffiti.data(), kGraffiti.size(), 0) > 0);
    tell("write", ::write(fd_, kGraffiti.data(), kGraffiti.size()) > 0);
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_NONBLOCK) != 0) return tell("making a pipe", true);
    const bool filled = ::write(pipe[1], kGraffiti.data(), kGraffiti.size()) > 0;
    loff_t at = 0;
    tell("splice", !filled || ::splice(pipe[0], nullptr, fd_, &at, kGraffiti.size(), 0) > 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
  }

  void try_mapping() {
    void* writable = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    tell("mapping for writing", writable != MAP_FAILED);
    void* readable = ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd_, 0);
    if (readable == MAP_FAILED) return;
    tell("mprotect", ::mprotect(readable, bytes_, PROT_READ | PROT_WRITE) == 0);
    tell("removing pages", ::madvise(readable, bytes_, MADV_REMOVE) == 0);
    tell("populating for writing", ::madvise(readable, bytes_, MADV_POPULATE_WRITE) == 0);
    void* moved = ::mremap(readable, bytes_, bytes_, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    tell("mprotect after mremap",
         moved != MAP_FAILED && ::mprotect(moved, bytes_, PROT_READ | PROT_WRITE) == 0);
    through_own_memory(readable);
    ::munmap(readable, bytes_);
  }

  // Debuggers write what is mapped for reading; a shared mapping they must not.
  void through_own_memory(void* mapped) {
    const int memory = ::open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    tell("/proc/self/mem",
         ::pwrite(memory, kGraffiti.data(), kGraffiti.size(),
                  static_cast<off_t>(reinterpret_cast<std::uintptr_t>(mapped))) > 0);
    ::close(memory);
    auto graffiti = kGraffiti;
    const iovec from{graffiti.data(), graffiti.size()};
    const iovec to{mapped, graffiti.size()};
    tell("process_vm_writev", ::process_vm_writev(::getpid(), &from, 1, &to, 1, 0) > 0);
  }

  int fd_;
  std::size_t bytes_;
  std::string how_;
  bool worked_ = false;
};

// With a picture in hand, which nobody else writes meanwhile. A descriptor that
// was opened anew can be written as far as its mode goes: the seals hold all the same.
int tamper(LiarStream& stream) {
  PoolLiar liar(stream);
  const auto held = liar.next_event();
  const PoolLiar::Pool pool = liar.pool_of(held[0]);
  const auto before = bytes_of(pool.fd, held[0]);
  Tamperer as_given(pool.fd, pool.open);
  as_given.try_all("as given");
  bool worked = as_given.any_worked();
  const std::string again = "/proc/self/fd/" + std::to_string(pool.fd);
  for (const int flags : {O_RDONLY, O_RDWR, O_WRONLY, O_RDWR | O_APPEND, O_RDWR | O_TRUNC}) {
    const int fd = ::open(again.c_str(), flags | O_CLOEXEC);
    if (fd < 0) continue;
    Tamperer reopened(fd, pool.open);
    reopened.try_all("opened anew with flags " + std::to_string(flags));
    worked = worked || reopened.any_worked();
    ::close(fd);
  }
  const bool unchanged = !before.empty() && bytes_of(pool.fd, held[0]) == before;
  liar.release(held);
  return unchanged && !worked ? liar.goodbye() : 3;
}

// The producer itself: when it has said pool_mapped, only its mapping can be written.
int tamper_as_producer(LiarStream& stream) {
  PoolLiar liar(stream);
  const PoolLiar::Pool pool = liar.open_pool();
  void* mapped = ::mmap(nullptr, pool.open.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, pool.fd, 0);
  if (mapped == MAP_FAILED) return 3;
  liar.say(Kind::pool_mapped, pool.open.pool);
  const auto refs = liar.next_slots();
  std::memset(mapped, 1, pool.open.bytes);
  Tamperer tamperer(pool.fd, pool.open);
  tamperer.try_all("of its producer");
  const bool removed = ::madvise(mapped, pool.open.bytes, MADV_REMOVE) == 0;
  liar.publish(refs);
  return removed || tamperer.any_worked() ? 3 : liar.goodbye();
}

// Trusted, and honest: shows one picture by name again and again.
int show_by_name(LiarStream& stream) {
  PoolLiar liar(stream);
  const PoolLiar::Pool pool = liar.open_pool(3, "named");
  if (pool.open.name.empty() || pool.fd != -1) return 3;
  liar.say(Kind::pool_mapped, pool.open.pool);
  for (;;) {
    const auto refs = liar.next_slots();
    liar.publish(refs);
    liar.tidy();
  }
}

// Pictures come, but neither a pool nor its name.
int peek_at_names(LiarStream& stream) {
  PoolLiar liar(stream);
  for (int i = 0; i < 10; ++i) {
    const auto refs = liar.next_event();
    liar.release(refs);
    liar.apply();
  }
  return liar.has_pool() ? 3 : liar.goodbye();
}

// Trusted, and honest: the same with the name.
int read_by_name(LiarStream& stream) {
  PoolLiar liar(stream);
  const auto refs = liar.next_event();
  const PoolLiar::Pool pool = liar.pool_of(refs[0]);
  liar.release(refs);
  const int fd = ::shm_open(pool.open.name.c_str(), O_RDONLY, 0);
  if (fd < 0) return 3;
  return liar.goodbye();
}

}  // namespace

std::vector<Lie> lies_in_memory() {
  const auto manifest = pool_liar_manifest;
  return {{"tamper", true, tamper, manifest},
          {"tamper-as-producer", true, tamper_as_producer, manifest},
          {"show-by-name", true, show_by_name, manifest},
          {"peek-at-names", true, peek_at_names, manifest},
          {"read-by-name", true, read_by_name, manifest}};
}

}  // namespace dkvm::test
