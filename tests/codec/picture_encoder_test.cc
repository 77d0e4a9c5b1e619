#include "codec/picture_encoder.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "codec/picture_decoder.h"
#include "codec/small_codec.h"
#include "codec/thread_pool.h"

using nic::EncoderSettings;
using nic::PictureEncoder;
using nic::PixelView;
using nic::Progress;
using nic::RateIndex;
using nic::Serial;
using nic::Status;
using nic::ThreadPool;
using nic::testing::SmallCodec;

namespace {

constexpr uint32_t kWidth = 150;
constexpr uint32_t kHeight = 140;

std::vector<uint8_t> MakePixels(int channels) {
  std::mt19937 random(11);
  std::vector<uint8_t> pixels(size_t{kWidth} * kHeight * static_cast<size_t>(channels));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i / 7 + random() % 50);
  return pixels;
}

PixelView ViewOf(const std::vector<uint8_t>& pixels, int channels) {
  return {kWidth, kHeight, channels, kWidth * static_cast<size_t>(channels), pixels.data()};
}

EncoderSettings SettingsOf(int slice_side_code, int effort) {
  EncoderSettings settings;
  settings.model_id = 77;
  settings.model_digest = 0xABCDEF;
  settings.slice_side_code = slice_side_code;
  settings.effort = effort;
  return settings;
}

std::pmr::vector<uint8_t> Encode(SmallCodec& codec, const PixelView& picture, const EncoderSettings& settings,
                                 const RateIndex& rate, nic::Parallel& parallel, double* psnr = nullptr) {
  PictureEncoder encoder(*codec.model, settings, picture, parallel, codec.memory);
  std::pmr::vector<uint8_t> bytes(&codec.memory);
  REQUIRE(encoder.BeginAt(rate, psnr != nullptr).ok());
  REQUIRE(encoder.Push(picture, true).ok());
  nic::Quality quality;
  const Status status = encoder.Finish({}, &bytes, psnr ? &quality : nullptr);
  if (psnr) *psnr = quality.psnr;
  INFO(status.message());
  REQUIRE(status.ok());
  return bytes;
}

// The same with rows that come in pieces of random sizes and are gone after the call; `any_rate`: the rate is known at
// the end only.
std::pmr::vector<uint8_t> EncodePieces(SmallCodec& codec, const PixelView& picture, const EncoderSettings& settings,
                                       const RateIndex& rate, nic::Parallel& parallel, uint32_t most, bool any_rate,
                                       double* psnr) {
  std::mt19937 random(most);
  PictureEncoder encoder(*codec.model, settings, picture, parallel, codec.memory);
  REQUIRE((any_rate ? encoder.BeginAnyRate(true) : encoder.BeginAt(rate, true)).ok());
  std::vector<uint8_t> copy;
  while (encoder.rows_pushed() < picture.height) {
    const uint32_t y = encoder.rows_pushed();
    PixelView piece = picture;
    piece.height = std::min<uint32_t>(1 + static_cast<uint32_t>(random()) % most, picture.height - y);
    copy.assign(picture.row(y), picture.row(y) + piece.stride * piece.height);
    piece.pixels = copy.data();
    REQUIRE(encoder.Push(piece).ok());
    std::fill(copy.begin(), copy.end(), uint8_t{0});
  }
  std::pmr::vector<uint8_t> bytes(&codec.memory);
  nic::Quality quality;
  REQUIRE(
      (any_rate ? encoder.Encode(rate, {}, Progress(), &bytes, &quality) : encoder.Finish({}, &bytes, &quality)).ok());
  *psnr = quality.psnr;
  return bytes;
}

void OpenFile(const std::pmr::vector<uint8_t>& bytes, nic::FileReader* file) {
  REQUIRE(file->Open(bytes).ok());
  const nic::FileHeader& header = file->header();
  REQUIRE(file->FindSlices(nic::SliceGrid::Of(header.width, header.height, header.slice_side())).ok());
}

// Decodes with the model and gives the peak signal to noise ratio against the picture.
double DecodedPsnr(SmallCodec& codec, const std::pmr::vector<uint8_t>& bytes, const PixelView& picture) {
  nic::FileReader file(codec.memory);
  OpenFile(bytes, &file);
  const nic::FileHeader& header = file.header();
  const nic::DecoderModel& numbers = codec.model->decoder();
  Serial serial;
  const nic::Rect whole{0, 0, header.width, header.height};
  nic::PictureDecoder decoder(file, *codec.model, whole, {}, serial, codec.memory);
  REQUIRE(decoder.Begin().ok());
  std::vector<uint8_t> samples(size_t{header.width} * static_cast<size_t>(header.channels()));
  double squares = 0;
  const auto take = [&](int64_t y, const int16_t* values) -> Status {
    if (header.channels() == 1) {
      nic::RoundToGrey(values, header.width, numbers.output_bits, samples.data());
    } else {
      nic::RoundToRgb(values, header.width, numbers.output_bits, samples.data());
    }
    for (size_t i = 0; i < samples.size(); ++i)
      squares += std::pow(double(samples[i]) - picture.row(static_cast<uint32_t>(y))[i], 2);
    return {};
  };
  REQUIRE(decoder.Run(Progress(), take).ok());
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(samples.size()) * header.height / squares);
}

}  // namespace

TEST_CASE("the header says what was asked for") {
  SmallCodec codec;
  Serial serial;
  for (const int channels : {1, 3}) {
    const std::vector<uint8_t> pixels = MakePixels(channels);
    const auto bytes = Encode(codec, ViewOf(pixels, channels), SettingsOf(1, 3), {1, 200}, serial);
    nic::FileReader file(codec.memory);
    OpenFile(bytes, &file);
    const nic::FileHeader& header = file.header();
    REQUIRE(header.channels() == channels);
    REQUIRE(header.width == kWidth);
    REQUIRE(header.height == kHeight);
    REQUIRE(header.model_id == 77);
    REQUIRE(header.model_digest == 0xABCDEF);
    REQUIRE(header.gain_level == 1);
    REQUIRE(header.interpolation == 200);
    REQUIRE(header.slice_side() == 128);
    REQUIRE(header.lanes() == 4);  // several slices
    REQUIRE(file.slices().size() == 4);
    REQUIRE(file.metadata_size() == 0);
  }
}

TEST_CASE("slices of every side give a file that decodes to what was measured") {
  SmallCodec codec;
  Serial serial;
  ThreadPool pool(3);
  for (const int channels : {1, 3}) {
    const std::vector<uint8_t> pixels = MakePixels(channels);
    const PixelView picture = ViewOf(pixels, channels);
    for (const int code : {0, 1, 2, 15}) {
      for (const int effort : {1, 5}) {
        CAPTURE(channels, code, effort);
        double psnr = 0;
        const auto bytes = Encode(codec, picture, SettingsOf(code, effort), {2, 0}, serial, &psnr);
        REQUIRE(DecodedPsnr(codec, bytes, picture) == Approx(psnr).epsilon(1e-12));
        double again = 0;
        REQUIRE(Encode(codec, picture, SettingsOf(code, effort), {2, 0}, pool, &again) == bytes);
        REQUIRE(again == psnr);
      }
    }
  }
}

TEST_CASE("a plain picture costs at most 32 bytes beyond its coded latents") {
  SmallCodec codec;
  Serial serial;
  const std::vector<uint8_t> pixels = MakePixels(3);
  const auto bytes = Encode(codec, ViewOf(pixels, 3), SettingsOf(4, 3), {2, 0}, serial);
  nic::FileReader file(codec.memory);
  OpenFile(bytes, &file);
  REQUIRE(file.slices().size() == 1);
  REQUIRE(bytes.size() - file.slices()[0].stream.size() <= 32);
}

TEST_CASE("one analysis serves several rates") {
  SmallCodec codec;
  Serial serial;
  const std::vector<uint8_t> pixels = MakePixels(3);
  const PixelView picture = ViewOf(pixels, 3);
  PictureEncoder encoder(*codec.model, SettingsOf(4, 3), picture, serial, codec.memory);
  REQUIRE(encoder.BeginAnyRate(false).ok());
  REQUIRE(encoder.Push(picture).ok());
  std::pmr::vector<uint8_t> bytes(&codec.memory);
  for (const RateIndex rate : {RateIndex{2, 0}, RateIndex{0, 0}, RateIndex{1, 100}, RateIndex{2, 0}}) {
    REQUIRE(encoder.Encode(rate, {}, Progress(), &bytes, nullptr).ok());
    REQUIRE(bytes == Encode(codec, picture, SettingsOf(4, 3), rate, serial));
  }
}

TEST_CASE("rows in pieces of any number give the same file and the same measure, whenever the rate is known") {
  SmallCodec codec;
  Serial serial;
  ThreadPool pool(2);
  for (const int channels : {1, 3}) {
    const std::vector<uint8_t> pixels = MakePixels(channels);
    const PixelView picture = ViewOf(pixels, channels);
    for (const int code : {0, 1, 4}) {
      double expected = 0;
      const auto bytes = Encode(codec, picture, SettingsOf(code, 3), {1, 99}, serial, &expected);
      for (const uint32_t most : {1u, 3u, 40u, 200u}) {
        for (const bool any_rate : {false, true}) {
          CAPTURE(channels, code, most, any_rate);
          nic::Parallel& parallel = most == 3 ? static_cast<nic::Parallel&>(pool) : serial;
          double psnr = 0;
          REQUIRE(EncodePieces(codec, picture, SettingsOf(code, 3), {1, 99}, parallel, most, any_rate, &psnr) == bytes);
          REQUIRE(psnr == expected);
        }
      }
    }
  }
}

TEST_CASE("memory grows with the coded bytes, not with the height of a picture") {
  SmallCodec codec;
  Serial serial;
  const auto encode = [&](uint32_t height, size_t* size) {
    nic::Memory memory;
    const PixelView shape{kWidth, height, 3, kWidth * 3, nullptr};
    PictureEncoder encoder(*codec.model, SettingsOf(0, 3), shape, serial, memory);
    REQUIRE(encoder.BeginAt({0, 0}, true).ok());
    std::vector<uint8_t> row(kWidth * 3, 100);
    for (uint32_t y = 0; y < height; ++y) REQUIRE(encoder.Push({kWidth, 1, 3, kWidth * 3, row.data()}).ok());
    const uint64_t peak = memory.peak();
    std::pmr::vector<uint8_t> bytes;
    nic::Quality quality;
    REQUIRE(encoder.Finish({}, &bytes, &quality).ok());
    *size = bytes.size();
    return peak;
  };
  size_t less = 0;
  size_t more = 0;
  const uint64_t low = encode(6400, &less);
  const uint64_t high = encode(12800, &more);
  CAPTURE(low, high, less, more);
  // Every slice costs its entry in the list, too.
  REQUIRE(high < low + 3 * (more - less) + 300 * sizeof(nic::EncodedSlice));
  REQUIRE(low < 6400 * kWidth * 3 * 2);
}

TEST_CASE("a higher gain costs more bytes") {
  SmallCodec codec;
  Serial serial;
  const std::vector<uint8_t> pixels = MakePixels(3);
  const PixelView picture = ViewOf(pixels, 3);
  size_t last = 0;
  for (const RateIndex rate : {RateIndex{0, 0}, RateIndex{1, 0}, RateIndex{2, 0}}) {
    const size_t size = Encode(codec, picture, SettingsOf(4, 3), rate, serial).size();
    REQUIRE(size > last);
    last = size;
  }
}

TEST_CASE("efforts 4 and 5 never give something worse than those below by the encoder's own exchange") {
  // These models' analyses are nothing like inverses: nearly every round of correction is a loss, and must be seen so.
  for (const uint32_t seed : {1u, 2u, 3u}) {
    SmallCodec codec(seed);
    Serial serial;
    const std::vector<uint8_t> pixels = MakePixels(3);
    const PixelView picture = ViewOf(pixels, 3);
    for (int step = 0; step <= 512; step += 128) {
      const RateIndex rate{step / 256, step % 256};
      double last_psnr = 0;
      auto last = Encode(codec, picture, SettingsOf(4, 3), rate, serial, &last_psnr);
      REQUIRE(Encode(codec, picture, SettingsOf(4, 1), rate, serial) == last);
      for (const int effort : {4, 5}) {
        CAPTURE(seed, step, effort);
        double psnr = 0;
        const auto bytes = Encode(codec, picture, SettingsOf(4, effort), rate, serial, &psnr);
        // Relative to the stream, of which a file is some 30 bytes more.
        const double bits = (static_cast<double>(bytes.size()) - static_cast<double>(last.size())) /
                            (static_cast<double>(last.size()) - 30);
        const double errors = std::pow(10, (last_psnr - psnr) / 10) - 1;
        REQUIRE(bits + errors <= 1e-3);
        last = bytes;
        last_psnr = psnr;
      }
    }
  }
}

TEST_CASE("an encoder that runs out of its limit says so and holds nothing") {
  SmallCodec codec;
  Serial serial;
  const std::vector<uint8_t> pixels = MakePixels(3);
  const PixelView picture = ViewOf(pixels, 3);
  nic::Memory small(40000);
  {
    PictureEncoder encoder(*codec.model, SettingsOf(0, 3), picture, serial, small);
    std::pmr::vector<uint8_t> bytes(&small);
    REQUIRE_THROWS_AS(encoder.BeginAnyRate(false).ok() && encoder.Push(picture).ok() &&
                          encoder.Encode({2, 0}, {}, Progress(), &bytes, nullptr).ok(),
                      nic::LimitReached);
  }
  REQUIRE(small.held() == 0);
  REQUIRE(small.peak() <= 40000);
}
