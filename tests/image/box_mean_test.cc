#include "image/box_mean.h"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

using nic::BoxMean;
using nic::Memory;

TEST_CASE("means are rounded to nearest, halves up") {
  for (int64_t sum = -50; sum <= 50; ++sum) {
    for (int64_t count = 1; count <= 12; ++count) {
      const int64_t mean = nic::RoundedMean(sum, count);
      // mean - 1/2 <= sum / count < mean + 1/2
      REQUIRE((2 * mean - 1) * count <= 2 * sum);
      REQUIRE(2 * sum < (2 * mean + 1) * count);
    }
  }
}

TEST_CASE("sides are rounded up") {
  REQUIRE(nic::ScaledSide(1, 8) == 1);
  REQUIRE(nic::ScaledSide(8, 8) == 1);
  REQUIRE(nic::ScaledSide(9, 8) == 2);
  REQUIRE(nic::ScaledSide(65535, 16) == 4096);
}

TEST_CASE("each mean is that of its square, clamped samples and cut squares included") {
  Memory memory;
  std::mt19937 random(4);
  for (const int scale : {8, 16}) {
    for (const int64_t width : {1, 7, 8, 9, 33}) {
      const int64_t height = 21;
      const int channels = 3;
      const int32_t low = -1000, high = 900;
      std::vector<int16_t> samples(static_cast<size_t>(width * height * channels));
      for (int16_t& sample : samples) sample = static_cast<int16_t>(random() % 4000 - 2000);
      BoxMean<int16_t> mean(width, channels, scale, low, high, memory);
      for (int64_t y0 = 0; y0 < height; y0 += scale) {
        const int64_t y1 = std::min<int64_t>(y0 + scale, height);
        for (int64_t y = y0; y < y1; ++y) mean.Add(&samples[static_cast<size_t>(y * width * channels)]);
        REQUIRE(mean.rows() == y1 - y0);
        const int16_t* row = mean.Take();
        for (int64_t x0 = 0; x0 < width; x0 += scale) {
          const int64_t x1 = std::min<int64_t>(x0 + scale, width);
          for (int c = 0; c < channels; ++c) {
            int64_t sum = 0;
            for (int64_t y = y0; y < y1; ++y) {
              for (int64_t x = x0; x < x1; ++x) {
                sum += std::clamp<int32_t>(samples[static_cast<size_t>((y * width + x) * channels + c)], low, high);
              }
            }
            REQUIRE(*row++ == nic::RoundedMean(sum, (x1 - x0) * (y1 - y0)));
          }
        }
      }
    }
  }
  REQUIRE(memory.held() == 0);
}

TEST_CASE("the largest samples of 16 bits fit the sums") {
  Memory memory;
  BoxMean<uint16_t> mean(16, 1, 16, 0, 65535, memory);
  const std::vector<uint16_t> white(16, 65535);
  for (int y = 0; y < 16; ++y) mean.Add(white.data());
  REQUIRE(*mean.Take() == 65535);
}
