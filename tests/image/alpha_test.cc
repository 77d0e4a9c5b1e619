#include "image/alpha.h"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

using namespace nic;

namespace {

std::vector<uint8_t> MakeAlpha(uint32_t width, uint32_t height, int kind) {
  std::mt19937 random(3);
  std::vector<uint8_t> alpha(size_t{width} * height);
  for (size_t i = 0; i < alpha.size(); ++i) {
    const size_t x = i % width;
    const size_t y = i / width;
    alpha[i] = kind == 0   ? static_cast<uint8_t>(random())
               : kind == 1 ? static_cast<uint8_t>(x * 5 + y * 3)
               : kind == 2 ? (x / 7 + y / 5) % 2 * 255
                           : 255;
  }
  return alpha;
}

}  // namespace

TEST_CASE("alpha comes back exactly") {
  Memory memory;
  const auto [width, height] = GENERATE(table<uint32_t, uint32_t>({{1, 1}, {1, 30}, {30, 1}, {64, 48}, {67, 33}}));
  const int kind = GENERATE(0, 1, 2, 3);
  const bool premultiplied = GENERATE(false, true);
  const std::vector<uint8_t> samples = MakeAlpha(width, height, kind);
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha({width, height, 1, width, samples.data()}, premultiplied, memory, &payload);
  Alpha alpha;
  REQUIRE(DecodeAlpha(payload, width, height, memory, &alpha).ok());
  REQUIRE(alpha.premultiplied == premultiplied);
  REQUIRE(std::vector<uint8_t>(alpha.samples.begin(), alpha.samples.end()) == samples);
  if (kind == 3 && width == 64) REQUIRE(payload.size() < 64);
}

TEST_CASE("alpha is read from interleaved samples") {
  Memory memory;
  const std::vector<uint8_t> interleaved = {1, 2, 3, 10, 4, 5, 6, 20, 7, 8, 9, 30, 1, 1, 1, 40};
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha({2, 2, 4, 8, interleaved.data() + 3}, false, memory, &payload);
  Alpha alpha;
  REQUIRE(DecodeAlpha(payload, 2, 2, memory, &alpha).ok());
  REQUIRE(std::vector<uint8_t>(alpha.samples.begin(), alpha.samples.end()) == std::vector<uint8_t>{10, 20, 30, 40});
}

TEST_CASE("damaged alpha is refused or decodes to something, never more") {
  Memory memory(1 << 20);
  const std::vector<uint8_t> samples = MakeAlpha(40, 30, 1);
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha({40, 30, 1, 40, samples.data()}, false, memory, &payload);
  for (size_t size = 0; size < payload.size(); ++size) {
    Alpha alpha;
    const Status status = DecodeAlpha({payload.data(), size}, 40, 30, memory, &alpha);
    REQUIRE(status.code() == NIC_MALFORMED);
  }
  for (size_t i = 0; i < payload.size(); ++i) {
    std::pmr::vector<uint8_t> damaged = payload;
    damaged[i] ^= 0x10;
    Alpha alpha;
    const Status status = DecodeAlpha(damaged, 40, 30, memory, &alpha);
    REQUIRE((status.ok() || status.code() == NIC_MALFORMED));
  }
  Alpha alpha;
  REQUIRE(DecodeAlpha(payload, 41, 30, memory, &alpha).code() == NIC_MALFORMED);
  payload[0] = 2;
  REQUIRE(DecodeAlpha(payload, 40, 30, memory, &alpha).code() == NIC_MALFORMED);
}

TEST_CASE("invisible pixels take the mean around them, visible ones stay") {
  Memory memory;
  constexpr uint32_t kWidth = 40;
  constexpr uint32_t kHeight = 24;
  std::vector<uint8_t> alpha(kWidth * kHeight, 0);
  std::vector<uint8_t> pixels(kWidth * kHeight * 3, 255);
  alpha[5 * kWidth + 5] = 1;
  alpha[6 * kWidth + 5] = 255;
  for (int c = 0; c < 3; ++c) {
    pixels[(5 * kWidth + 5) * 3 + c] = static_cast<uint8_t>(10 * c);
    pixels[(6 * kWidth + 5) * 3 + c] = static_cast<uint8_t>(10 * c + 20);
  }
  const std::vector<uint8_t> before = pixels;
  SmoothInvisible({kWidth, kHeight, 1, kWidth, alpha.data()}, 3, memory, pixels.data());
  for (size_t i = 0; i < alpha.size(); ++i) {
    for (size_t c = 0; c < 3; ++c) REQUIRE(pixels[i * 3 + c] == (alpha[i] ? before[i * 3 + c] : 10 * c + 10));
  }
}

TEST_CASE("a picture without visible pixels becomes grey") {
  Memory memory;
  std::vector<uint8_t> alpha(9 * 9, 0);
  std::vector<uint8_t> pixels(9 * 9, 77);
  SmoothInvisible({9, 9, 1, 9, alpha.data()}, 1, memory, pixels.data());
  REQUIRE(pixels == std::vector<uint8_t>(9 * 9, 128));
}
