#include "devices/media/crc32.hpp"

#include <catch2/catch.hpp>

#include <span>
#include <string_view>

using namespace dkvm;
using dkvm::media::crc32;

TEST_CASE("the CRC is that of the standard's example, at once and by parts") {
  const Bytes digits = std::as_bytes(std::span(std::string_view("123456789")));
  CHECK(crc32(digits) == 0xCBF43926);
  CHECK(crc32(digits.subspan(4), crc32(digits.first(4))) == 0xCBF43926);
  CHECK(crc32({}) == 0);
}
