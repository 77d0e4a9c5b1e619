#include "image/metadata.h"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

using namespace nic;

namespace {

std::vector<uint8_t> MakeContent(size_t size, bool random_bytes) {
  std::mt19937 random(1);
  std::vector<uint8_t> content(size);
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<uint8_t>(random_bytes ? random() : i % 7);
  return content;
}

}  // namespace

TEST_CASE("metadata comes back exactly, compressed where that helps") {
  Memory memory;
  const size_t size = GENERATE(1, 2, 100, 5000);
  const bool random_bytes = GENERATE(false, true);
  const std::vector<uint8_t> content = MakeContent(size, random_bytes);
  std::pmr::vector<uint8_t> payload(&memory);
  PackMetadata(content, memory, &payload);
  REQUIRE(payload.size() <= size + 1);
  if (size == 5000 && !random_bytes) REQUIRE(payload.size() < 100);
  Buffer<uint8_t> unpacked;
  REQUIRE(UnpackMetadata(payload, size, memory, &unpacked).ok());
  REQUIRE(std::vector<uint8_t>(unpacked.begin(), unpacked.end()) == content);
  REQUIRE(UnpackMetadata(payload, size - 1, memory, &unpacked).code() == NIC_LIMIT_METADATA);
}

TEST_CASE("damaged metadata is refused") {
  Memory memory(1 << 20);
  std::pmr::vector<uint8_t> payload(&memory);
  PackMetadata(MakeContent(3000, false), memory, &payload);
  REQUIRE(payload[0] == 1);
  Buffer<uint8_t> unpacked;
  for (size_t size = 0; size < payload.size(); ++size) {
    REQUIRE(UnpackMetadata({payload.data(), size}, 1 << 16, memory, &unpacked).code() == NIC_MALFORMED);
  }
  std::pmr::vector<uint8_t> longer = payload;
  longer.push_back(0);
  REQUIRE(UnpackMetadata(longer, 1 << 16, memory, &unpacked).code() == NIC_MALFORMED);
  payload[0] = 2;
  REQUIRE(UnpackMetadata(payload, 1 << 16, memory, &unpacked).code() == NIC_MALFORMED);
}
