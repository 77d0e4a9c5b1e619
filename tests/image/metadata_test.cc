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
  PackMetadata(ElementType::kXmp, content, memory, &payload);
  REQUIRE(payload.size() <= size + 1);
  if (size == 5000 && !random_bytes) REQUIRE(payload.size() < 100);
  Buffer<uint8_t> unpacked;
  REQUIRE(UnpackMetadata(ElementType::kXmp, payload, size, memory, &unpacked).ok());
  REQUIRE(std::vector<uint8_t>(unpacked.begin(), unpacked.end()) == content);
  REQUIRE(UnpackMetadata(ElementType::kXmp, payload, size - 1, memory, &unpacked).code() == NIC_LIMIT_METADATA);
}

TEST_CASE("damaged metadata is refused") {
  Memory memory(1 << 20);
  std::pmr::vector<uint8_t> payload(&memory);
  PackMetadata(ElementType::kIcc, MakeContent(3000, false), memory, &payload);
  REQUIRE(payload[0] == 1);
  Buffer<uint8_t> unpacked;
  for (size_t size = 0; size < payload.size(); ++size) {
    REQUIRE(UnpackMetadata(ElementType::kIcc, {payload.data(), size}, 1 << 16, memory, &unpacked).code() ==
            NIC_MALFORMED);
  }
  std::pmr::vector<uint8_t> longer = payload;
  longer.push_back(0);
  REQUIRE(UnpackMetadata(ElementType::kIcc, longer, 1 << 16, memory, &unpacked).code() == NIC_MALFORMED);
  payload[0] = 2;
  REQUIRE(UnpackMetadata(ElementType::kIcc, payload, 1 << 16, memory, &unpacked).code() == NIC_MALFORMED);
}

TEST_CASE("colours by code points are four plain bytes") {
  Memory memory;
  const auto unpack = [&](std::vector<uint8_t> payload, uint64_t limit = 100) {
    Buffer<uint8_t> content;
    const Status status = UnpackMetadata(ElementType::kCicp, payload, limit, memory, &content);
    CHECK(status.ok() == (std::vector<uint8_t>(content.begin(), content.end()) == payload));
    return status;
  };
  std::pmr::vector<uint8_t> payload(&memory);
  const std::vector<uint8_t> content = {12, 13, 0, 1};
  PackMetadata(ElementType::kCicp, content, memory, &payload);
  CHECK(std::vector<uint8_t>(payload.begin(), payload.end()) == content);
  CHECK(unpack(content).ok());
  CHECK(unpack({0, 255, 0, 0}).ok());
  CHECK(unpack(content, 3).code() == NIC_LIMIT_METADATA);
  const std::pair<std::vector<uint8_t>, uint64_t> wrong[] = {
      {{12}, 0}, {{12, 13, 0}, 0}, {{12, 13, 0, 1, 0}, 0}, {{12, 13, 9, 1}, 2}, {{12, 13, 0, 2}, 3}};
  for (const auto& [bytes, offset] : wrong) {
    CHECK(unpack(bytes).code() == NIC_MALFORMED);
    CHECK(unpack(bytes).offset() == offset);
  }
  Buffer<uint8_t> none;
  CHECK(UnpackMetadata(ElementType::kCicp, {}, 100, memory, &none).code() == NIC_MALFORMED);
}
