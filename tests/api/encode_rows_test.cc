// nic_encoder_begin, nic_encoder_push_rows, nic_encoder_finish.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "api/handles.h"

using namespace nic::testing;

namespace {

// Encodes rows that come `most` at a time at most, from memory that is overwritten after each call.
Bytes EncodeRows(const Encoder& encoder, const Picture& picture, uint32_t most, uint32_t seed,
                 nic_encode_result* result, bool measure) {
  std::mt19937 random(seed);
  REQUIRE(nic_encoder_begin(encoder.get(), picture.width, picture.height, picture.format, measure) == NIC_OK);
  const size_t row = picture.width * size_t{nic_format_bytes(picture.format)};
  const size_t stride = row + random() % 3;
  Bytes piece;
  for (uint32_t y = 0; y < picture.height;) {
    const uint32_t rows = std::min<uint32_t>(1 + static_cast<uint32_t>(random()) % most, picture.height - y);
    piece.assign(stride * rows, 0);
    for (uint32_t i = 0; i < rows; ++i) std::copy_n(&picture.pixels[(y + i) * row], row, &piece[i * stride]);
    REQUIRE(nic_encoder_push_rows(encoder.get(), piece.data(), stride, rows) == NIC_OK);
    std::fill(piece.begin(), piece.end(), uint8_t{0xAA});
    y += rows;
  }
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  INFO(nic_encoder_error(encoder.get())->message);
  REQUIRE(nic_encoder_finish(encoder.get(), &bytes, &size, result) == NIC_OK);
  return Bytes(bytes, bytes + size);
}

bool SameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

TEST_CASE("rows in pieces give the bytes of the whole picture, whatever its sides, format and rate") {
  std::mt19937 random(21);
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  for (int trial = 0; trial < 60; ++trial) {
    options.threads = trial % 3 + 1;
    const Context context = NewSmallContext(options);
    const auto format = static_cast<nic_pixel_format>(1 + random() % 4);
    const uint32_t width = 1 + random() % 200;
    const uint32_t height = 1 + random() % 300;
    Picture picture = MakePicture(width, height, format, trial);
    if (format % 2 == 0 && trial % 2) {  // places that nobody sees
      for (size_t i = 0; i < picture.pixels.size() / format; ++i) {
        if (i / width / 40 % 2) picture.pixels[i * format + format - 1] = 0;
      }
    }
    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_SLICE_SIDE, trial % 2 ? 64 : 1024);
    const int rate = trial % 5;
    if (rate == 1) Set(encoder, NIC_ENCODER_GAIN_LEVEL, 1);
    if (rate == 2) Set(encoder, NIC_ENCODER_TARGET_BPP, 4);
    if (rate == 3) Set(encoder, NIC_ENCODER_TARGET_PSNR, 14);
    if (trial % 7 == 0) {
      Picture mask = MakePicture(width, height, NIC_GREY8, 99);
      const nic_image view = mask.View();
      REQUIRE(nic_encoder_set_roi(encoder.get(), &view, 1) == NIC_OK);
    }
    if (trial % 4 == 0) REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_XMP, "<x/>", 4) == NIC_OK);
    const bool measure = trial % 3 != 0;
    CAPTURE(trial, width, height, static_cast<int>(format), rate, measure);
    nic_encode_result whole = {};
    const Bytes expected = Encode(encoder, picture, &whole, measure);
    for (const uint32_t most : {1u, 50u, height}) {
      nic_encode_result result = {};
      REQUIRE(EncodeRows(encoder, picture, most, static_cast<uint32_t>(trial), &result, measure) == expected);
      REQUIRE(SameNumber(result.psnr, whole.psnr));
      REQUIRE(SameNumber(result.psnr_inside, whole.psnr_inside));
      REQUIRE(result.size == expected.size());
      REQUIRE(result.gain_level == whole.gain_level);
      REQUIRE(result.interpolation == whole.interpolation);
      REQUIRE(result.target_missed == whole.target_missed);
    }
  }
}

TEST_CASE("memory does not grow with the height of a picture at a quality") {
  const auto peak_of = [](uint32_t height, nic_pixel_format format, bool measure) {
    const Context context = NewSmallContext();
    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
    Set(encoder, NIC_ENCODER_QUALITY, 0);
    const Bytes row(200 * static_cast<size_t>(format), 90);
    REQUIRE(nic_encoder_begin(encoder.get(), 200, height, format, measure) == NIC_OK);
    for (uint32_t y = 0; y < height; ++y)
      REQUIRE(nic_encoder_push_rows(encoder.get(), row.data(), row.size(), 1) == NIC_OK);
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    REQUIRE(nic_encoder_finish(encoder.get(), &bytes, &size, nullptr) == NIC_OK);
    return nic_context_peak_memory(context.get());
  };
  const auto require_bounded = [&](uint32_t height, nic_pixel_format format, bool measure) {
    const uint64_t low = peak_of(height, format, measure);
    const uint64_t high = peak_of(2 * height, format, measure);
    CAPTURE(height, static_cast<int>(format), measure, low, high);
    REQUIRE(high - low < height * 200 / 4);  // the coded slices, not a byte for each pixel
  };
  require_bounded(6000, NIC_RGB8, false);
  require_bounded(6000, NIC_RGB8, true);
  require_bounded(24000, NIC_RGBA8, false);  // more than the window and the tables of alpha's compression
}

TEST_CASE("calls in the wrong order are refused and give the picture up") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  const Picture picture = MakePicture(40, 30, NIC_RGB8);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  const auto push = [&](uint32_t rows) {
    return nic_encoder_push_rows(encoder.get(), picture.pixels.data(), 120, rows);
  };
  const auto begin = [&] { return nic_encoder_begin(encoder.get(), 40, 30, NIC_RGB8, 0); };
  REQUIRE(push(1) == NIC_WRONG_STATE);
  REQUIRE(nic_encoder_finish(encoder.get(), &bytes, &size, nullptr) == NIC_WRONG_STATE);

  REQUIRE(begin() == NIC_OK);
  REQUIRE(push(29) == NIC_OK);
  REQUIRE(nic_encoder_finish(encoder.get(), &bytes, &size, nullptr) == NIC_WRONG_STATE);
  REQUIRE(bytes == nullptr);
  REQUIRE(push(1) == NIC_WRONG_STATE);  // it is given up

  REQUIRE(begin() == NIC_OK);
  REQUIRE(push(20) == NIC_OK);
  REQUIRE(push(11) == NIC_INVALID_ARGUMENT);
  REQUIRE(push(1) == NIC_WRONG_STATE);

  REQUIRE(begin() == NIC_OK);
  REQUIRE(nic_encoder_push_rows(encoder.get(), nullptr, 120, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(begin() == NIC_OK);
  REQUIRE(nic_encoder_push_rows(encoder.get(), picture.pixels.data(), 119, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(begin() == NIC_OK);
  nic_encoder_reset(encoder.get());
  REQUIRE(push(1) == NIC_WRONG_STATE);
  REQUIRE(nic_encoder_begin(encoder.get(), 0, 30, NIC_RGB8, 0) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_begin(encoder.get(), 40, 30, static_cast<nic_pixel_format>(9), 0) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_begin(encoder.get(), 70000, 30, NIC_RGB8, 0) == NIC_LIMIT_SIDE);
  REQUIRE(nic_encoder_begin(nullptr, 40, 30, NIC_RGB8, 0) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("parameters are those of the beginning, metadata those of the end") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_QUALITY, 30);
  const Picture picture = MakePicture(64, 48, NIC_GREY8);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_EXIF, "Exif data", 9) == NIC_OK);
  const Bytes expected = Encode(encoder, picture);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_EXIF, nullptr, 0) == NIC_OK);

  REQUIRE(nic_encoder_begin(encoder.get(), 64, 48, NIC_GREY8, 0) == NIC_OK);
  REQUIRE(nic_encoder_push_rows(encoder.get(), picture.pixels.data(), 64, 20) == NIC_OK);
  Set(encoder, NIC_ENCODER_QUALITY, 90);
  REQUIRE(nic_encoder_push_rows(encoder.get(), picture.pixels.data() + 20 * 64, 64, 28) == NIC_OK);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_EXIF, "Exif data", 9) == NIC_OK);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_encoder_finish(encoder.get(), &bytes, &size, nullptr) == NIC_OK);
  REQUIRE(Bytes(bytes, bytes + size) == expected);
}
