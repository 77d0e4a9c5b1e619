#include "image/pixels.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

using nic::PixelView;

namespace {

int ClampedShift(int64_t value, int output_bits) {
  const int64_t scaled = value + (int64_t{128} << output_bits);
  const int64_t divisor = int64_t{1} << output_bits;
  const int64_t floored = scaled >= 0 ? scaled / divisor : -((-scaled + divisor - 1) / divisor);
  return static_cast<int>(std::clamp<int64_t>(floored, 0, 255));
}

int64_t FloorBy256(int64_t value) { return value >= 0 ? value / 256 : -((-value + 255) / 256); }

PixelView ViewOf(const std::vector<uint8_t>& pixels, uint32_t width, uint32_t height, int channels, size_t stride) {
  return {width, height, channels, stride, pixels.data(), 8};
}

}  // namespace

TEST_CASE("every sample value is centred to 2 p - 255") {
  std::vector<uint8_t> pixels(768);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i / 3 + i % 3);
  std::vector<int16_t> centered(768);
  nic::CenterPixels(ViewOf(pixels, 256, 1, 3, 768), 0, 0, 256, centered.data());
  for (size_t i = 0; i < pixels.size(); ++i) REQUIRE(centered[i] == 2 * pixels[i] - 255);
  REQUIRE(*std::min_element(centered.begin(), centered.end()) == -255);
  REQUIRE(*std::max_element(centered.begin(), centered.end()) == 255);
}

TEST_CASE("a grey sample fills all three channels") {
  std::vector<uint8_t> pixels(256);
  for (size_t i = 0; i < 256; ++i) pixels[i] = static_cast<uint8_t>(i);
  std::vector<int16_t> centered(768);
  nic::CenterPixels(ViewOf(pixels, 256, 1, 1, 256), 0, 0, 256, centered.data());
  for (int i = 0; i < 768; ++i) REQUIRE(centered[static_cast<size_t>(i)] == 2 * (i / 3) - 255);
}

TEST_CASE("columns and rows outside repeat the nearest sample inside") {
  constexpr uint32_t kWidth = 5, kHeight = 4;
  const int channels = GENERATE(1, 3);
  const size_t stride = kWidth * static_cast<size_t>(channels) + 7;
  std::vector<uint8_t> pixels(stride * kHeight);
  std::mt19937 random(1);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random());
  for (int64_t y = -3; y < 9; ++y) {
    std::vector<int16_t> centered(3 * 20);
    nic::CenterPixels(ViewOf(pixels, kWidth, kHeight, channels, stride), y, -6, 14, centered.data());
    for (int64_t x = -6; x < 14; ++x) {
      for (int c = 0; c < 3; ++c) {
        const size_t row = static_cast<size_t>(std::clamp<int64_t>(y, 0, kHeight - 1));
        const size_t column = static_cast<size_t>(std::clamp<int64_t>(x, 0, kWidth - 1));
        const size_t sample = row * stride + column * static_cast<size_t>(channels) + (channels == 3 ? c : 0);
        CAPTURE(y, x, c);
        REQUIRE(centered[static_cast<size_t>(3 * (x + 6) + c)] == 2 * pixels[sample] - 255);
      }
    }
  }
}

TEST_CASE("a single pixel pads in every direction") {
  const std::vector<uint8_t> pixels = {0, 255, 128};
  std::vector<int16_t> centered(3 * 3);
  nic::CenterPixels(ViewOf(pixels, 1, 1, 3, 3), 100000, 99999, 100002, centered.data());
  REQUIRE(centered == std::vector<int16_t>{-255, 255, 1, -255, 255, 1, -255, 255, 1});
}

TEST_CASE("synthesis output of every int16 is rounded to a sample as defined") {
  for (int output_bits = 0; output_bits <= 7; ++output_bits) {
    CAPTURE(output_bits);
    std::vector<int16_t> values(65536 + 2);
    for (size_t i = 0; i < 65536; ++i) values[i] = static_cast<int16_t>(static_cast<int>(i) - 32768);
    std::vector<uint8_t> samples(values.size());
    nic::RoundToRgb(values.data(), values.size() / 3, output_bits, samples.data());
    for (size_t i = 0; i < values.size(); ++i) {
      if (samples[i] != ClampedShift(values[i], output_bits)) FAIL("value " << values[i]);
    }
  }
}

TEST_CASE("the middle of the range is a half step above 127") {
  const int16_t values[3] = {0, -1, 1};
  uint8_t samples[3];
  nic::RoundToRgb(values, 1, 0, samples);
  REQUIRE((samples[0] == 128 && samples[1] == 127 && samples[2] == 129));
  nic::RoundToRgb(values, 1, 4, samples);
  REQUIRE((samples[0] == 128 && samples[1] == 127 && samples[2] == 128));
}

TEST_CASE("grey output is the weighted mean of the three values") {
  std::mt19937 random(2);
  std::vector<int16_t> values;
  for (const int16_t r : {-32768, -1, 0, 1, 32767}) {
    for (const int16_t g : {-32768, -1, 0, 1, 32767}) {
      for (const int16_t b : {-32768, -1, 0, 1, 32767}) values.insert(values.end(), {r, g, b});
    }
  }
  for (int i = 0; i < 3000; ++i) values.push_back(static_cast<int16_t>(static_cast<int>(random() % 8192) - 4096));
  std::vector<uint8_t> grey(values.size() / 3);
  for (int output_bits = 0; output_bits <= 7; ++output_bits) {
    nic::RoundToGrey(values.data(), grey.size(), output_bits, grey.data());
    for (size_t i = 0; i < grey.size(); ++i) {
      const int64_t sum = int64_t{77} * values[3 * i] + 150 * values[3 * i + 1] + 29 * values[3 * i + 2] + 128;
      if (grey[i] != ClampedShift(FloorBy256(sum), output_bits)) FAIL("pixel " << i << ", bits " << output_bits);
    }
  }
}

TEST_CASE("decoded samples convert between grey and RGB") {
  std::vector<uint8_t> grey(256);
  for (size_t i = 0; i < 256; ++i) grey[i] = static_cast<uint8_t>(i);
  std::vector<uint8_t> rgb(768);
  nic::ConvertGreyToRgb(grey.data(), 256, rgb.data());
  for (size_t i = 0; i < 768; ++i) REQUIRE(rgb[i] == i / 3);
  std::vector<uint8_t> back(256);
  nic::ConvertRgbToGrey(rgb.data(), 256, back.data());
  REQUIRE(back == grey);

  const uint8_t colours[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {12, 200, 99}};
  uint8_t weighed[4];
  nic::ConvertRgbToGrey(colours[0], 4, weighed);
  REQUIRE(weighed[0] == (77 * 255 + 128) / 256);
  REQUIRE(weighed[1] == (150 * 255 + 128) / 256);
  REQUIRE(weighed[2] == (29 * 255 + 128) / 256);
  REQUIRE(weighed[3] == (77 * 12 + 150 * 200 + 29 * 99 + 128) / 256);
}

namespace {

int64_t FloorShift(int64_t value, int bits) {
  const int64_t divisor = int64_t{1} << bits;
  return value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor);
}

int64_t Sample16(int64_t value, int bits) {
  return std::clamp<int64_t>(FloorShift(257 * value + (int64_t{32768} << bits), bits), 0, 65535);
}

}  // namespace

TEST_CASE("samples of 16 bits are centred to the nearest of twice a level") {
  std::vector<uint16_t> pixels(65536);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint16_t>(i);
  std::vector<int16_t> centered(3 * 65536);
  const PixelView view{65536, 1, 1, 2 * 65536, reinterpret_cast<const uint8_t*>(pixels.data()), 16};
  nic::CenterPixels(view, 0, 0, 65536, centered.data());
  for (int i = 0; i < 65536; ++i) {
    const double exact = 2 * i / 257.0 - 255;
    REQUIRE(std::abs(centered[static_cast<size_t>(3 * i)] - exact) <= 0.5);
    REQUIRE(centered[static_cast<size_t>(3 * i + 2)] == centered[static_cast<size_t>(3 * i)]);
    if (i % 257 == 0) REQUIRE(centered[static_cast<size_t>(3 * i)] == 2 * (i / 257) - 255);
  }
}

TEST_CASE("every synthesis value is rounded to 16 bits as its definition has it") {
  const int bits = GENERATE(0, 1, 4, 7);
  std::vector<int16_t> values(3 * 65536);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int16_t>(i / 3 - 32768);
  std::vector<uint16_t> rgb(values.size());
  nic::RoundToRgb(values.data(), 65536, bits, rgb.data());
  for (size_t i = 0; i < values.size(); ++i) REQUIRE(rgb[i] == Sample16(values[i], bits));
  std::mt19937 random(2);
  for (int16_t& value : values) value = static_cast<int16_t>(random() % 3 ? random() : random() % 2 ? 32767 : -32768);
  std::vector<uint16_t> grey(65536);
  nic::RoundToGrey(values.data(), 65536, bits, grey.data());
  for (size_t i = 0; i < grey.size(); ++i) {
    const int16_t* v = &values[3 * i];
    REQUIRE(grey[i] == Sample16(FloorShift(77 * v[0] + 150 * v[1] + 29 * v[2] + 8, 4), bits + 4));
  }
}

TEST_CASE("samples change between the depths to the nearest and back") {
  for (int i = 0; i < 65536; ++i) {
    REQUIRE(std::abs(nic::NarrowSample(static_cast<uint16_t>(i)) * 257 - i) <= 128);
  }
  for (int i = 0; i < 256; ++i) REQUIRE(nic::NarrowSample(nic::WidenSample(static_cast<uint8_t>(i))) == i);
  const std::vector<uint16_t> grey = {0, 1, 65535};
  std::vector<uint16_t> rgb(9), back(3);
  nic::ConvertGreyToRgb(grey.data(), 3, rgb.data());
  nic::ConvertRgbToGrey(rgb.data(), 3, back.data());
  REQUIRE(back == grey);
}
