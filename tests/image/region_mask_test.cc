#include "image/region_mask.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace nic;

namespace {

// The mean of a square as its definition has it.
uint32_t MeanOf(const std::vector<uint8_t>& mask, uint32_t width, uint32_t height, uint32_t side, uint32_t row,
                uint32_t column) {
  uint64_t sum = 0, pixels = 0;
  for (uint32_t y = row * side; y < std::min(height, (row + 1) * side); ++y) {
    for (uint32_t x = column * side; x < std::min(width, (column + 1) * side); ++x) {
      sum += mask[size_t{y} * width + x] * 257u;
      ++pixels;
    }
  }
  return static_cast<uint32_t>((sum + pixels / 2) / pixels);
}

}  // namespace

TEST_CASE("means of a mask are those of its pixels, at the rims of those that are there") {
  Memory memory;
  std::mt19937 random(1);
  const auto [width, height] = GENERATE(table<uint32_t, uint32_t>({{1, 1}, {7, 9}, {64, 64}, {65, 33}, {100, 8}}));
  std::vector<uint8_t> samples(size_t{width} * height);
  for (uint8_t& sample : samples) sample = static_cast<uint8_t>(random());
  const RegionMask mask({width, height, 8, width, samples.data()}, memory);
  REQUIRE_FALSE(mask.empty());
  for (const uint32_t side : {8u, 16u, 32u}) {
    for (uint32_t row = 0; row * side < height; ++row) {
      for (uint32_t column = 0; column * side < width; ++column) {
        REQUIRE(mask.Mean(side, row, column) == MeanOf(samples, width, height, side, row, column));
      }
    }
  }
}

TEST_CASE("a mask of 16 bits is one of 8 bits where it holds the same") {
  Memory memory;
  std::vector<uint8_t> narrow(size_t{20} * 20);
  std::vector<uint16_t> wide(narrow.size());
  for (size_t i = 0; i < narrow.size(); ++i) {
    narrow[i] = static_cast<uint8_t>(i * 7);
    wide[i] = static_cast<uint16_t>(narrow[i] * 257);
  }
  const RegionMask a({20, 20, 8, 20, narrow.data()}, memory);
  const RegionMask b({20, 20, 16, 40, reinterpret_cast<const uint8_t*>(wide.data())}, memory);
  for (uint32_t y = 0; y < 2; ++y) {
    for (uint32_t x = 0; x < 2; ++x) REQUIRE(a.Mean(16, y, x) == b.Mean(16, y, x));
  }
}

TEST_CASE("a block is inside if it is bright by half or more") {
  Memory memory;
  std::vector<uint8_t> samples(64 * 8, 0);
  for (size_t i = 0; i < 8 * 8; ++i) {
    samples[i / 8 * 64 + 16 + i % 8] = 255;
    samples[i / 8 * 64 + 24 + i % 8] = 128;
    samples[i / 8 * 64 + 32 + i % 8] = 127;
  }
  const RegionMask mask({64, 8, 8, 64, samples.data()}, memory);
  REQUIRE_FALSE(mask.IsInside(15, 3));
  REQUIRE(mask.IsInside(16, 3));
  REQUIRE(mask.IsInside(31, 7));
  REQUIRE_FALSE(mask.IsInside(32, 0));
  REQUIRE(RegionMask().empty());
}
