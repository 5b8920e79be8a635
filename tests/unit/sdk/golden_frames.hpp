#pragma once

#include <dkvm/payload.hpp>

#include <functional>
#include <string>
#include <vector>

// The frames that docs/protocol.md shows in hex, made with the SDK.
namespace dkvm::test {

struct GoldenFrame {
  std::string name;
  std::vector<std::byte> bytes;
  // Unpacks a payload of this frame's table and packs it again; empty for
  // frames without a payload.
  std::function<Result<std::vector<std::byte>>(Bytes)> repack;
};

std::vector<GoldenFrame> golden_frames();

}  // namespace dkvm::test
