#pragma once

#include <dkvm/frame.hpp>

#include <initializer_list>
#include <span>
#include <vector>

namespace dkvm::test {

inline Bytes bytes_of(std::span<const wire::BufferRef> refs) { return std::as_bytes(refs); }

// The refs of one event, as bytes that live as long as this.
class Refs {
 public:
  Refs(std::initializer_list<wire::BufferRef> refs) : refs_(refs) {}
  explicit Refs(std::vector<wire::BufferRef> refs) : refs_(std::move(refs)) {}
  operator Bytes() const { return bytes_of(refs_); }

 private:
  std::vector<wire::BufferRef> refs_;
};

}  // namespace dkvm::test
