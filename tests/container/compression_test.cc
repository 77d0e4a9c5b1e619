#include "container/compression.h"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

using nic::Buffer;
using nic::CompressFrame;
using nic::DecompressFrame;
using nic::Memory;
using nic::ReadFrameSize;

namespace {

std::vector<uint8_t> MakeContent(size_t size) {
  std::mt19937 random(4);
  std::vector<uint8_t> content(size);
  for (size_t i = 0; i < size; ++i) content[i] = static_cast<uint8_t>(i / 5 + random() % 3);
  return content;
}

}  // namespace

TEST_CASE("a frame appended states its size and gives the content back") {
  const size_t size = GENERATE(0u, 1u, 100u, 70000u);
  const bool checked = GENERATE(false, true);
  Memory memory;
  {
    const std::vector<uint8_t> content = MakeContent(size);
    std::pmr::vector<uint8_t> bytes({7, 8, 9}, &memory);
    CompressFrame(content, 12, checked, memory, &bytes);
    REQUIRE((bytes[0] == 7 && bytes[1] == 8 && bytes[2] == 9));
    const std::span<const uint8_t> frame = std::span<const uint8_t>(bytes).subspan(3);
    uint64_t stated = 1;
    REQUIRE(ReadFrameSize(frame, &stated));
    REQUIRE(stated == size);
    Buffer<uint8_t> back(memory, size);
    REQUIRE(DecompressFrame(frame, memory, &back));
    REQUIRE(std::vector<uint8_t>(back.begin(), back.end()) == content);
  }
  REQUIRE(memory.held() == 0);
}

TEST_CASE("what is not exactly one frame has no size") {
  Memory memory;
  std::pmr::vector<uint8_t> frame(&memory);
  CompressFrame(MakeContent(1000), 3, false, memory, &frame);
  uint64_t size = 0;
  for (size_t cut = 0; cut < frame.size(); ++cut) REQUIRE_FALSE(ReadFrameSize({frame.data(), cut}, &size));
  std::pmr::vector<uint8_t> longer = frame;
  longer.push_back(0);
  REQUIRE_FALSE(ReadFrameSize(longer, &size));
  std::pmr::vector<uint8_t> twice = frame;
  twice.insert(twice.end(), frame.begin(), frame.end());
  REQUIRE_FALSE(ReadFrameSize(twice, &size));
  const uint8_t skippable[] = {0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9};
  REQUIRE_FALSE(ReadFrameSize(skippable, &size));
  const uint8_t old[] = {0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0};
  REQUIRE_FALSE(ReadFrameSize(old, &size));
  const uint8_t unstated[] = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 0x01, 0x00, 0x00};  // an empty frame without a size
  REQUIRE_FALSE(ReadFrameSize(unstated, &size));
}

TEST_CASE("a checked frame never gives changed content") {
  Memory memory;
  const std::vector<uint8_t> content = MakeContent(300);
  std::pmr::vector<uint8_t> frame(&memory);
  CompressFrame(content, 12, true, memory, &frame);
  int meaningless = 0;
  for (size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    std::pmr::vector<uint8_t> changed = frame;
    changed[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    uint64_t size = 0;
    Buffer<uint8_t> back(memory, content.size());
    CAPTURE(bit);
    const bool good =
        ReadFrameSize(changed, &size) && size == content.size() && DecompressFrame(changed, memory, &back);
    // A few bits carry no meaning; all others are found.
    if (good) REQUIRE(std::vector<uint8_t>(back.begin(), back.end()) == content);
    meaningless += good;
  }
  REQUIRE(meaningless <= 8);
}

TEST_CASE("content of another size than the buffer's does not decompress") {
  Memory memory;
  std::pmr::vector<uint8_t> frame(&memory);
  CompressFrame(MakeContent(1000), 3, false, memory, &frame);
  Buffer<uint8_t> shorter(memory, 999);
  REQUIRE_FALSE(DecompressFrame(frame, memory, &shorter));
  Buffer<uint8_t> longer(memory, 1001);
  REQUIRE_FALSE(DecompressFrame(frame, memory, &longer));
}

TEST_CASE("memory beyond the limit is refused as such, and all comes back") {
  const std::vector<uint8_t> content = MakeContent(50000);
  std::pmr::vector<uint8_t> frame;
  {
    Memory plenty;
    CompressFrame(content, 12, true, plenty, &frame);
    REQUIRE(plenty.peak() > 300000);  // the tables of level 12
    REQUIRE(plenty.held() == 0);
  }
  int refused = 0;
  for (uint64_t limit = 1000; limit < 400000; limit += limit / 4) {
    Memory memory(limit);
    std::pmr::vector<uint8_t> bytes;
    try {
      CompressFrame(content, 12, true, memory, &bytes);
      REQUIRE(bytes == frame);
    } catch (const nic::LimitReached& reached) {
      REQUIRE(reached.limit == limit);
      ++refused;
    }
    REQUIRE(memory.held() == 0);
    try {
      Memory small(limit);
      Buffer<uint8_t> back(small, content.size());
      const bool good = DecompressFrame(frame, small, &back);
      REQUIRE(good);
    } catch (const nic::LimitReached&) {
      ++refused;
    }
  }
  REQUIRE(refused > 10);
}
