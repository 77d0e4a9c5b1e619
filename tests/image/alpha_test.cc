#include "image/alpha.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "codec/thread_pool.h"
#include "container/compression.h"

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

void PushRows(const ChannelView& alpha, uint32_t first, uint32_t end, AlphaEncoder* encoder) {
  for (uint32_t y = first; y < end; y += AlphaEncoder::kBandRows) {
    ChannelView band = alpha;
    band.height = std::min(AlphaEncoder::kBandRows, end - y);
    band.samples += y * alpha.stride;
    encoder->Push(band);
  }
}

void EncodeAlpha(const ChannelView& alpha, bool premultiplied, bool thorough, Parallel& parallel, Memory& memory,
                 std::pmr::vector<uint8_t>* payload) {
  AlphaEncoder encoder(alpha.width, alpha.height, alpha.depth, premultiplied, thorough, parallel, memory, payload);
  PushRows(alpha, 0, alpha.height, &encoder);
  encoder.Finish();
}

void EncodeAlpha(const ChannelView& alpha, bool premultiplied, Memory& memory, std::pmr::vector<uint8_t>* payload) {
  Serial serial;
  EncodeAlpha(alpha, premultiplied, true, serial, memory, payload);
}

void Append(const AlphaRow& row, uint32_t width, std::vector<uint8_t>* samples) {
  REQUIRE(row.samples);
  REQUIRE_FALSE(row.samples16);
  samples->insert(samples->end(), row.samples, row.samples + width);
}

void Append(const AlphaRow& row, uint32_t width, std::vector<uint16_t>* samples) {
  REQUIRE(row.samples16);
  REQUIRE_FALSE(row.samples);
  samples->insert(samples->end(), row.samples16, row.samples16 + width);
}

// `Sample` tells the picture's depth.
template <typename Sample>
Status DecodeAlpha(std::span<const uint8_t> payload, uint32_t width, uint32_t height, Memory& memory,
                   std::vector<Sample>* samples) {
  samples->clear();
  AlphaDecoder decoder(width, height, 8 * static_cast<int>(sizeof(Sample)), memory);
  NIC_RETURN_IF_ERROR(decoder.Begin(payload));
  for (uint32_t y = 0; y < height; ++y) {
    AlphaRow row;
    NIC_RETURN_IF_ERROR(decoder.Next(&row));
    Append(row, width, samples);
  }
  return decoder.Finish();
}

// Fills band by band.
void FillInvisible(const ChannelView& alpha, int channels, Memory& memory, uint8_t* pixels) {
  InvisibleFiller filler(alpha.width, channels, alpha.depth, memory);
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

TEST_CASE("rows of alpha may lie apart") {
  Memory memory;
  const std::vector<uint8_t> samples = {10, 20, 1, 30, 40, 2};
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha({2, 2, 1, 3, samples.data()}, false, memory, &payload);
  std::vector<uint8_t> alpha;
  REQUIRE(DecodeAlpha(payload, 2, 2, memory, &alpha).ok());
  REQUIRE(alpha == std::vector<uint8_t>{10, 20, 30, 40});
}

namespace {

// The filters of all rows, in the order of their first use.
std::vector<int> FiltersOf(std::span<const uint8_t> payload, uint32_t width, uint32_t height, Memory& memory) {
  Buffer<uint8_t> content(memory, size_t{width + 1} * height);
  REQUIRE(DecompressFrame(payload.subspan(1), memory, &content));
  std::vector<int> filters;
  for (uint32_t y = 0; y < height; ++y) {
    const int filter = content[size_t{width + 1} * y];
    if (std::find(filters.begin(), filters.end(), filter) == filters.end()) filters.push_back(filter);
  }
  return filters;
}

// Masks for which another way is the best each.
std::vector<uint8_t> MakeMask(uint32_t width, uint32_t height, const std::string& kind) {
  std::mt19937 random(6);
  std::vector<uint8_t> alpha(size_t{width} * height);
  std::vector<uint8_t> column(height);
  for (uint8_t& value : column) value = static_cast<uint8_t>(random());
  for (size_t i = 0; i < alpha.size(); ++i) {
    const uint32_t x = static_cast<uint32_t>(i % width);
    const uint32_t y = static_cast<uint32_t>(i / width);
    if (kind == "dither") alpha[i] = random() % width < x ? 255 : 0;
    if (kind == "columns") alpha[i] = static_cast<uint8_t>(y ? alpha[i - width] + y % 7 : column[x % height]);
    if (kind == "rows") alpha[i] = static_cast<uint8_t>(x ? alpha[i - 1] + x % 7 : column[y]);
    if (kind == "soft")
      alpha[i] = static_cast<uint8_t>(128 + 100 * std::sin(0.02 * x) * std::cos(0.03 * y) + random() % 4);
    if (kind == "mixed") {  // eight rows that go on with what is above, of noise, then eight with what is to the left
      const bool down = y / 8 % 2 == 0;
      const bool begins = down ? y % 8 == 0 : x == 0;
      alpha[i] = static_cast<uint8_t>(begins ? random() : alpha[down ? i - width : i - 1] + random() % 2);
    }
  }
  return alpha;
}

}  // namespace

TEST_CASE("the filter with the smallest bytes is taken for the whole plane, or the guess at each row's") {
  Memory memory;
  Serial serial;
  const auto [kind, filters] = GENERATE(table<std::string, std::vector<int>>(
      {{"dither", {0}}, {"rows", {1}}, {"columns", {2}}, {"soft", {3}}, {"mixed", {}}}));
  const std::vector<uint8_t> samples = MakeMask(300, 200, kind);
  const ChannelView view = {300, 200, 1, 300, samples.data()};
  std::pmr::vector<uint8_t> guess(&memory);
  EncodeAlpha(view, false, false, serial, memory, &guess);
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha(view, false, true, serial, memory, &payload);
  CAPTURE(kind, guess.size(), payload.size());
  const std::vector<int> used = FiltersOf(payload, 300, 200, memory);
  if (filters.empty()) CHECK(used.size() > 1);
  if (!filters.empty()) CHECK(used == filters);
  CHECK(payload.size() <= guess.size());
  CHECK((payload == guess) == (kind == "mixed"));
  std::vector<uint8_t> alpha;
  REQUIRE(DecodeAlpha(payload, 300, 200, memory, &alpha).ok());
  REQUIRE(alpha == samples);
}

TEST_CASE("alpha has the same bytes with any number of threads") {
  Memory memory;
  const std::vector<uint8_t> samples = MakeMask(700, 500, GENERATE("soft", "mixed"));
  const ChannelView view = {700, 500, 1, 700, samples.data()};
  std::pmr::vector<uint8_t> alone(&memory);
  EncodeAlpha(view, true, memory, &alone);
  ThreadPool pool(3);
  std::pmr::vector<uint8_t> together(&memory);
  EncodeAlpha(view, true, true, pool, memory, &together);
  REQUIRE(together == alone);
}

TEST_CASE("where the memory's limit is small, alpha is compressed in fewer ways") {
  const std::vector<uint8_t> samples = MakeMask(1500, 700, "dither");
  const ChannelView view = {1500, 700, 1, 1500, samples.data()};
  Serial serial;
  Memory memory(uint64_t{60} << 20);
  std::pmr::vector<uint8_t> guess;
  EncodeAlpha(view, false, false, serial, memory, &guess);
  const uint64_t one_way = memory.peak();
  std::pmr::vector<uint8_t> payload;
  EncodeAlpha(view, false, memory, &payload);
  CHECK(payload == guess);
  CHECK(memory.peak() == one_way);
  Memory large;
  EncodeAlpha(view, false, large, &payload);
  CHECK(payload.size() < guess.size());
  CHECK(large.peak() > 2 * one_way);
  std::vector<uint8_t> alpha;
  REQUIRE(DecodeAlpha(payload, 1500, 700, memory, &alpha).ok());
  REQUIRE(alpha == samples);
}

TEST_CASE("ways to compress alpha that fall far behind, or take much memory, are given up") {
  constexpr uint32_t kWidth = 2000;
  constexpr uint32_t kRows = 32 * AlphaEncoder::kBandRows;
  const bool noise = GENERATE(false, true);
  std::vector<uint8_t> samples = MakeMask(kWidth, kRows, "dither");
  std::mt19937 random(7);
  if (noise) std::generate(samples.begin(), samples.end(), [&] { return static_cast<uint8_t>(random()); });
  const ChannelView view = {kWidth, kRows, 1, kWidth, samples.data()};
  ThreadPool pool(2);
  Memory memory;
  std::pmr::vector<uint8_t> payload(&memory);
  AlphaEncoder encoder(kWidth, kRows, 8, false, true, pool, memory, &payload);
  PushRows(view, 0, AlphaEncoder::kBandRows, &encoder);
  const uint64_t all_ways = memory.held();
  PushRows(view, AlphaEncoder::kBandRows, kRows, &encoder);
  CHECK(memory.held() < all_ways);
  encoder.Finish();
  std::vector<uint8_t> alpha;
  REQUIRE(DecodeAlpha(payload, kWidth, kRows, memory, &alpha).ok());
  REQUIRE(alpha == samples);
}

TEST_CASE("memory that is refused in one of the ways is refused for all") {
  const std::vector<uint8_t> samples = MakeMask(300, 200, "soft");
  const ChannelView view = {300, 200, 1, 300, samples.data()};
  Memory measured;
  std::pmr::vector<uint8_t> payload;
  EncodeAlpha(view, false, measured, &payload);
  ThreadPool pool(2);
  Memory little(measured.peak() / 2);
  const Buffer<uint8_t> other(little, static_cast<size_t>(measured.peak() / 2 - 100000));
  const uint64_t held = little.held();
  REQUIRE_THROWS_AS(EncodeAlpha(view, false, true, pool, little, &payload), LimitReached);
  REQUIRE(little.held() == held);
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
  payload[0] = 4;
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
  Serial serial;
  EncodeAlpha({kSide, kSide, 1, kSide, samples.data()}, false, false, serial, memory, &payload);
  Memory little(6 << 20);  // a window of zstd's, a third of the picture at most
  AlphaRow row;
  {
    AlphaDecoder decoder(kSide, kSide, 8, little);
    REQUIRE(decoder.Begin(payload).ok());
    for (uint32_t y = 0; y < kSide; ++y) {
      REQUIRE(decoder.Next(&row).ok());
      REQUIRE(std::equal(row.samples, row.samples + kSide, &samples[size_t{y} * kSide]));
    }
    REQUIRE(decoder.Finish().ok());
  }
  payload[payload.size() - 2] ^= 1;  // in the frame's check
  AlphaDecoder decoder(kSide, kSide, 8, little);
  REQUIRE(decoder.Begin(payload).ok());
  for (uint32_t y = 0; y < 10; ++y) REQUIRE(decoder.Next(&row).ok());
  REQUIRE(decoder.Finish().code() == NIC_MALFORMED);
}

namespace {

ChannelView ViewOf(const std::vector<uint16_t>& samples, uint32_t width, uint32_t height) {
  return {width, height, 2, size_t{2} * width, reinterpret_cast<const uint8_t*>(samples.data()), 16};
}

}  // namespace

TEST_CASE("alpha of 16 bits comes back exactly") {
  Memory memory;
  const auto [width, height] = GENERATE(table<uint32_t, uint32_t>({{1, 1}, {1, 30}, {30, 1}, {64, 48}, {67, 33}}));
  const bool noise = GENERATE(false, true);
  std::mt19937 random(4);
  std::vector<uint16_t> samples(size_t{width} * height);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<uint16_t>(noise ? random() : i % width * 300 + i / width * 700 + 1);
  }
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeAlpha(ViewOf(samples, width, height), true, memory, &payload);
  REQUIRE(payload[0] == 3);
  std::vector<uint16_t> alpha;
  REQUIRE(DecodeAlpha(payload, width, height, memory, &alpha).ok());
  REQUIRE(alpha == samples);
  // In a picture of 8 bits it is refused.
  std::vector<uint8_t> narrow;
  REQUIRE(DecodeAlpha(payload, width, height, memory, &narrow).code() == NIC_MALFORMED);
  AlphaFlags flags;
  REQUIRE(ReadAlphaFlags(payload, 8, &flags).code() == NIC_MALFORMED);
  REQUIRE(ReadAlphaFlags(payload, 16, &flags).ok());
  REQUIRE(flags.premultiplied);
  REQUIRE(flags.deep);
}

TEST_CASE("invisible pixels of 16 bits take the mean around them") {
  Memory memory;
  std::vector<uint16_t> alpha(20 * 20, 0);
  std::vector<uint16_t> pixels(20 * 20, 65535);
  alpha[45] = 256;  // its low byte is 0
  alpha[46] = 1;
  pixels[45] = 1000;
  pixels[46] = 3000;
  FillInvisible(ViewOf(alpha, 20, 20), 1, memory, reinterpret_cast<uint8_t*>(pixels.data()));
  for (size_t i = 0; i < pixels.size(); ++i) REQUIRE(pixels[i] == (i == 45 ? 1000 : i == 46 ? 3000 : 2000));
  std::fill(alpha.begin(), alpha.end(), uint16_t{0});
  FillInvisible(ViewOf(alpha, 20, 20), 1, memory, reinterpret_cast<uint8_t*>(pixels.data()));
  REQUIRE(pixels == std::vector<uint16_t>(20 * 20, 32768));
}
