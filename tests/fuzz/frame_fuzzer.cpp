#include "tests/fuzz/unpack.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

// A stream from a hostile device: every frame is decoded, verified as the
// kernel does at its door, and unpacked as a receiver would. What the door lets
// pass must unpack.
namespace {

void require(bool true_by_contract) {
  if (!true_by_contract) std::abort();
}

void read_frame(const dkvm::Frame& frame) {
  const bool unpacks = dkvm::test::payload_unpacks(frame);
  if (frame.kind() == dkvm::wire::FrameKind::event ||
      frame.kind() == dkvm::wire::FrameKind::upstream)
    require(unpacks == dkvm::verify_event(frame.header.topic(), frame.payload));
  [[maybe_unused]] volatile std::uint64_t sum = dkvm::test::sum_of_parts(frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // In memory of its own size, so that one byte too far is seen; new aligns it.
  const std::unique_ptr<std::byte[]> bytes(new std::byte[size]);
  if (size != 0) std::memcpy(bytes.get(), data, size);
  dkvm::FrameDecoder decoder(dkvm::Bytes(bytes.get(), size));
  for (dkvm::Frame frame; decoder.next(frame);) read_frame(frame);
  require(decoder.consumed() <= size);
  return 0;
}
