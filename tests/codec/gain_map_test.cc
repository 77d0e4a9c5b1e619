#include "codec/gain_map.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "container/compression.h"

using namespace nic;

namespace {

GainMap MakeMap(Memory& memory, int64_t height, int64_t width, int unit, uint32_t seed) {
  std::mt19937 random(seed);
  GainMap map;
  map.unit = unit;
  map.height = height;
  map.width = width;
  map.steps = Buffer<int8_t>(memory, static_cast<size_t>(height * width));
  for (int8_t& step : map.steps) step = static_cast<int8_t>(static_cast<uint8_t>(random()));
  return map;
}

std::vector<LogGain> MakeTable(int levels, int channels) {
  std::vector<LogGain> table;
  for (int i = 0; i < levels * channels; ++i) table.push_back(i * 777 % 20000 - 9000);
  return table;
}

bool SameGains(const Gain* a, const Gain* b, int channels) {
  for (int c = 0; c < channels; ++c) {
    if (a[c].mantissa != b[c].mantissa || a[c].shift != b[c].shift) return false;
  }
  return true;
}

std::pmr::vector<uint8_t> Framed(uint8_t unit, size_t positions, Memory& memory) {
  const std::vector<uint8_t> content(positions, 3);
  std::pmr::vector<uint8_t> payload(&memory);
  payload.push_back(unit);
  CompressFrame(content, 3, false, memory, &payload);
  return payload;
}

}  // namespace

TEST_CASE("a gain map comes back exactly") {
  Memory memory;
  const auto [height, width] = GENERATE(table<int64_t, int64_t>({{1, 1}, {1, 20}, {20, 1}, {13, 17}}));
  const GainMap map = MakeMap(memory, height, width, 255, 5);
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeGainMap(map, memory, &payload);
  GainMap back;
  REQUIRE(DecodeGainMap(payload, height, width, memory, &back).ok());
  REQUIRE(back.unit == 255);
  REQUIRE(back.width == width);
  REQUIRE(back.height == height);
  REQUIRE(std::equal(map.steps.begin(), map.steps.end(), back.steps.begin(), back.steps.end()));
}

TEST_CASE("steps are predicted from above, in the first row from the left") {
  Memory memory;
  std::pmr::vector<uint8_t> payload(&memory);
  payload.push_back(7);
  const std::vector<uint8_t> differences = {5, 1, 255, 0, 200, 0, 100, 100, 0};
  CompressFrame(differences, 3, false, memory, &payload);
  GainMap map;
  REQUIRE(DecodeGainMap(payload, 3, 3, memory, &map).ok());
  const std::vector<int8_t> expected = {5, 6, 5, 5, -50, 5, 105, 50, 5};
  REQUIRE(std::equal(expected.begin(), expected.end(), map.steps.begin(), map.steps.end()));
}

TEST_CASE("wrong gain maps are refused with the place") {
  Memory memory;
  GainMap map;
  const auto check = [&](std::span<const uint8_t> payload, uint64_t offset) {
    const Status status = DecodeGainMap(payload, 3, 4, memory, &map);
    REQUIRE(status.code() == NIC_MALFORMED);
    REQUIRE(status.offset() == offset);
  };
  REQUIRE(DecodeGainMap(Framed(1, 12, memory), 3, 4, memory, &map).ok());
  check({}, 0);
  check(Framed(0, 12, memory), 0);
  check(Framed(1, 11, memory), 1);
  check(Framed(1, 13, memory), 1);
  std::pmr::vector<uint8_t> longer = Framed(1, 12, memory);
  longer.push_back(0);
  check(longer, 1);
  std::pmr::vector<uint8_t> shorter = Framed(1, 12, memory);
  shorter.pop_back();
  check(shorter, 1);
  check(std::vector<uint8_t>{1}, 1);
}

TEST_CASE("the gains of a position are those of its rate, clamped to the levels") {
  Memory memory;
  constexpr int kChannels = 5;
  const int levels = GENERATE(1, 2, 4);
  const int unit = GENERATE(1, 16, 255);
  const std::vector<LogGain> table = MakeTable(levels, kChannels);
  const GainMap map = MakeMap(memory, 9, 11, unit, 6);
  for (const RateIndex rate :
       {RateIndex{0, 0}, RateIndex{levels - 1, 0}, RateIndex{levels / 2, levels > 2 ? 100 : 0}}) {
    const GainField field(table, kChannels, rate, &map, memory);
    REQUIRE(field.channels() == kChannels);
    for (int64_t y = 0; y < 9; ++y) {
      for (int64_t x = 0; x < 11; ++x) {
        const int step =
            std::clamp(rate.level * 256 + rate.interpolation + unit * map.step(y, x), 0, 256 * (levels - 1));
        Gain expected[kChannels];
        ComputeGains(table, kChannels, {step / 256, step % 256}, expected);
        REQUIRE(SameGains(field.at(y, x), expected, kChannels));
        REQUIRE(field.level_at(y, x) == (step + 128) / 256);
      }
    }
  }
}

TEST_CASE("without a map every position has the gains of the header's rate") {
  Memory memory;
  const std::vector<LogGain> table = MakeTable(3, 4);
  const GainField field(table, 4, {1, 77}, nullptr, memory);
  Gain expected[4];
  ComputeGains(table, 4, {1, 77}, expected);
  REQUIRE(SameGains(field.at(0, 0), expected, 4));
  REQUIRE(field.at(0, 0) == field.at(1000, 1000));
}

TEST_CASE("a mask gives steps in proportion, none where it is black") {
  Memory memory;
  std::vector<uint8_t> samples(40 * 24, 0);
  for (uint32_t y = 0; y < 24; ++y) {
    for (uint32_t x = 16; x < 40; ++x) samples[y * 40 + x] = x < 32 ? 255 : 128;
  }
  const RegionMask mask({40, 24, 8, 40, samples.data()}, memory);
  const GainMap map = MakeGainMap(mask, 16, 16, memory);
  REQUIRE(map.width == 3);
  REQUIRE(map.height == 2);
  REQUIRE(map.unit == 32);
  for (int64_t y = 0; y < 2; ++y) {
    REQUIRE(map.step(y, 0) == 0);
    REQUIRE(map.step(y, 1) == 16);
    REQUIRE(map.step(y, 2) == 8);  // its pixels outside the picture do not count
  }
  REQUIRE(MakeGainMap(mask, 8, 127, memory).step(0, 2) == 127);
}

TEST_CASE("a map of few regions costs little") {
  Memory memory;
  GainMap map = MakeMap(memory, 64, 96, 32, 1);
  for (int64_t y = 0; y < 64; ++y) {
    for (int64_t x = 0; x < 96; ++x) {
      const bool inside = (y - 30) * (y - 30) + (x - 50) * (x - 50) < 400;
      map.steps[static_cast<size_t>(y * 96 + x)] = inside ? 16 : 0;
    }
  }
  std::pmr::vector<uint8_t> payload(&memory);
  EncodeGainMap(map, memory, &payload);
  REQUIRE(payload.size() < 250);
}
