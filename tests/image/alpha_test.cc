#include "image/alpha.h"

#include <catch2/catch.hpp>

#include <algorithm>
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

void EncodeAlpha(const ChannelView& alpha, bool premultiplied, Memory& memory, std::pmr::vector<uint8_t>* payload) {
  AlphaEncoder encoder(alpha.width, alpha.height, premultiplied, memory, payload);
  for (uint32_t y = 0; y < alpha.height; ++y) encoder.Push(alpha.samples + y * alpha.stride, alpha.step);
  encoder.Finish();
}

Status DecodeAlpha(std::span<const uint8_t> payload, uint32_t width, uint32_t height, Memory& memory,
                   std::vector<uint8_t>* samples) {
  samples->clear();
  AlphaDecoder decoder(width, height, memory);
  NIC_RETURN_IF_ERROR(decoder.Begin(payload));
  for (uint32_t y = 0; y < height; ++y) {
    const uint8_t* row = nullptr;
    NIC_RETURN_IF_ERROR(decoder.Next(&row));
    samples->insert(samples->end(), row, row + width);
  }
  return decoder.Finish();
}

// Fills band by band.
void FillInvisible(const ChannelView& alpha, int channels, Memory& memory, uint8_t* pixels) {
  InvisibleFiller filler(alpha.width, channels, memory);
  for (uint32_t y = 0; y < alpha.height; y += InvisibleFiller::kBandRows) {
    ChannelView band = alpha;
    band.height = std::min(InvisibleFiller::kBandRows, alpha.height - y);
    band.samples += y * alpha.stride;
    filler.Fill(band, pixels + size_t{y} * alpha.width * static_cast<size_t>(channels));
  }
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
  std::vector<uint8_t> alpha;
  REQUIRE(DecodeAlpha(payload, width, height, memory, &alpha).ok());
  REQUIRE(payload[0] == (premultiplied ? 1 : 0));
  REQUIRE(alpha == samples);
  if (kind == 3 && width == 64) REQUIRE(payload.size() < 64);
}

TEST_CASE("alpha is read from interleaved samples") {
  Memory memory;
  const std::vector<uint8_t> interleaved = {1, 2, 3, 10, 4, 5, 6, 20, 7, 8, 9, 30, 1, 1, 1, 40};
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha({2, 2, 4, 8, interleaved.data() + 3}, false, memory, &payload);
  std::vector<uint8_t> alpha;
  REQUIRE(DecodeAlpha(payload, 2, 2, memory, &alpha).ok());
  REQUIRE(alpha == std::vector<uint8_t>{10, 20, 30, 40});
}

TEST_CASE("damaged alpha is refused or decodes to something, never more") {
  Memory memory(1 << 22);
  const std::vector<uint8_t> samples = MakeAlpha(40, 30, 1);
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha({40, 30, 1, 40, samples.data()}, false, memory, &payload);
  for (size_t size = 0; size < payload.size(); ++size) {
    std::vector<uint8_t> alpha;
    const Status status = DecodeAlpha({payload.data(), size}, 40, 30, memory, &alpha);
    REQUIRE(status.code() == NIC_MALFORMED);
  }
  for (size_t i = 0; i < payload.size(); ++i) {
    std::pmr::vector<uint8_t> damaged = payload;
    damaged[i] ^= 0x10;
    std::vector<uint8_t> alpha;
    const Status status = DecodeAlpha(damaged, 40, 30, memory, &alpha);
    REQUIRE((status.ok() || status.code() == NIC_MALFORMED));
  }
  std::vector<uint8_t> alpha;
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
  FillInvisible({kWidth, kHeight, 1, kWidth, alpha.data()}, 3, memory, pixels.data());
  for (size_t i = 0; i < alpha.size(); ++i) {
    for (size_t c = 0; c < 3; ++c) REQUIRE(pixels[i * 3 + c] == (alpha[i] ? before[i * 3 + c] : 10 * c + 10));
  }
}

TEST_CASE("a picture without visible pixels becomes grey") {
  Memory memory;
  std::vector<uint8_t> alpha(9 * 9, 0);
  std::vector<uint8_t> pixels(9 * 9, 77);
  FillInvisible({9, 9, 1, 9, alpha.data()}, 1, memory, pixels.data());
  REQUIRE(pixels == std::vector<uint8_t>(9 * 9, 128));
}

TEST_CASE("below a band without visible pixels the fill of the band above goes on") {
  Memory memory;
  constexpr uint32_t kWidth = 16;
  constexpr uint32_t kHeight = 3 * InvisibleFiller::kBandRows - 5;
  std::vector<uint8_t> alpha(kWidth * kHeight, 0);
  std::vector<uint8_t> pixels(kWidth * kHeight, 3);
  std::fill_n(alpha.begin(), kWidth * InvisibleFiller::kBandRows, uint8_t{255});
  for (uint32_t i = 0; i < kWidth * InvisibleFiller::kBandRows; ++i) pixels[i] = i % kWidth < 8 ? 50 : 60;
  FillInvisible({kWidth, kHeight, 1, kWidth, alpha.data()}, 1, memory, pixels.data());
  for (uint32_t i = 0; i < kWidth * kHeight; ++i) REQUIRE(pixels[i] == (i % kWidth < 8 ? 50 : 60));
}

TEST_CASE("reading a large alpha takes little memory, and damage behind the rows that were read is found") {
  constexpr uint32_t kSide = 3000;
  Memory memory;
  std::vector<uint8_t> samples(size_t{kSide} * kSide);
  std::mt19937 random(8);
  for (uint8_t& sample : samples) sample = static_cast<uint8_t>(random() % 3);
  std::pmr::vector<uint8_t> payload;
  EncodeAlpha({kSide, kSide, 1, kSide, samples.data()}, false, memory, &payload);
  Memory little(6 << 20);  // a window of zstd's, a third of the picture at most
  const uint8_t* row = nullptr;
  {
    AlphaDecoder decoder(kSide, kSide, little);
    REQUIRE(decoder.Begin(payload).ok());
    for (uint32_t y = 0; y < kSide; ++y) {
      REQUIRE(decoder.Next(&row).ok());
      REQUIRE(std::equal(row, row + kSide, &samples[size_t{y} * kSide]));
    }
    REQUIRE(decoder.Finish().ok());
  }
  payload[payload.size() - 2] ^= 1;  // in the frame's check
  AlphaDecoder decoder(kSide, kSide, little);
  REQUIRE(decoder.Begin(payload).ok());
  for (uint32_t y = 0; y < 10; ++y) REQUIRE(decoder.Next(&row).ok());
  REQUIRE(decoder.Finish().code() == NIC_MALFORMED);
}
