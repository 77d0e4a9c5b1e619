#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "nic/nic.h"
#include "support/small_model.h"

namespace {

struct ContextDeleter {
  void operator()(nic_context* context) const { nic_context_free(context); }
};
using Context = std::unique_ptr<nic_context, ContextDeleter>;

constexpr uint32_t kModelId = 4000;

Context MakeContext(const char* target = nullptr, uint32_t threads = 1) {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = threads;
  options.target = target;
  nic_context* context = nullptr;
  nic_error error;
  INFO(error.message);
  REQUIRE(nic_context_new(&options, &context, &error) == NIC_OK);
  const std::vector<uint8_t> package = nic::testing::MakeSmallPackage(1, kModelId);
  const nic_status added = nic_context_add_model(context, package.data(), package.size(), nullptr, nullptr, &error);
  INFO(error.message);
  REQUIRE(added == NIC_OK);
  return Context(context);
}

std::vector<uint8_t> MakePicture(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> pixels(size_t{width} * height * channels);
  for (size_t i = 0; i < pixels.size(); ++i) {
    const size_t x = i / channels % width;
    const size_t y = i / channels / width;
    pixels[i] = static_cast<uint8_t>(x * 3 + y * 2 + random() % 40);
  }
  return pixels;
}

std::vector<uint8_t> EncodePicture(nic_context* context, const std::vector<uint8_t>& pixels, uint32_t width,
                                   uint32_t height, int channels, double quality, uint32_t slice_side = 1024) {
  nic_encoder* encoder = nullptr;
  REQUIRE(nic_encoder_new(context, &encoder, nullptr) == NIC_OK);
  REQUIRE(nic_encoder_set(encoder, NIC_ENCODER_MODEL_ID, kModelId) == NIC_OK);
  REQUIRE(nic_encoder_set(encoder, NIC_ENCODER_QUALITY, quality) == NIC_OK);
  REQUIRE(nic_encoder_set(encoder, NIC_ENCODER_SLICE_SIDE, slice_side) == NIC_OK);
  const nic_image image = {width, height, static_cast<nic_pixel_format>(channels), size_t{width} * channels,
                           const_cast<uint8_t*>(pixels.data())};
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  const nic_status status = nic_encoder_encode(encoder, &image, 0, &bytes, &size, nullptr);
  INFO(nic_encoder_error(encoder)->message);
  REQUIRE(status == NIC_OK);
  const std::vector<uint8_t> file(bytes, bytes + size);
  nic_encoder_free(encoder);
  return file;
}

std::vector<uint8_t> DecodePicture(nic_context* context, const std::vector<uint8_t>& file) {
  nic_image image;
  nic_error error;
  const nic_status status = nic_decode(context, file.data(), file.size(), &image, &error);
  INFO(error.message);
  REQUIRE(status == NIC_OK);
  const std::vector<uint8_t> pixels(image.pixels, image.pixels + image.stride * image.height);
  nic_free(context, image.pixels);
  return pixels;
}

}  // namespace

TEST_CASE("a picture of any size goes through a file and back") {
  const Context context = MakeContext();
  const auto [width, height] = GENERATE(table<uint32_t, uint32_t>(
      {{1, 1}, {1, 40}, {16, 16}, {17, 15}, {63, 64}, {65, 64}, {130, 97}, {200, 3}}));
  const int channels = GENERATE(1, 3);
  CAPTURE(width, height, channels);
  const std::vector<uint8_t> pixels = MakePicture(width, height, channels, 7);
  const std::vector<uint8_t> file = EncodePicture(context.get(), pixels, width, height, channels, 80, 64);
  const std::vector<uint8_t> decoded = DecodePicture(context.get(), file);
  REQUIRE(decoded.size() == pixels.size());
}

TEST_CASE("targets and thread counts give the same bytes and pixels") {
  const std::vector<uint8_t> pixels = MakePicture(333, 190, 3, 3);
  const Context plain = MakeContext("scalar");
  const std::vector<uint8_t> file = EncodePicture(plain.get(), pixels, 333, 190, 3, 60, 64);
  const std::vector<uint8_t> decoded = DecodePicture(plain.get(), file);
  for (const char* target : {"sse4", "avx2", "avx512", "neon"}) {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.target = target;
    nic_context* probe = nullptr;
    if (nic_context_new(&options, &probe, nullptr) != NIC_OK) continue;
    nic_context_free(probe);
    for (uint32_t threads : {1u, 2u, 3u}) {
      CAPTURE(target, threads);
      const Context context = MakeContext(target, threads);
      REQUIRE(EncodePicture(context.get(), pixels, 333, 190, 3, 60, 64) == file);
      REQUIRE(DecodePicture(context.get(), file) == decoded);
    }
  }
}

TEST_CASE("every damaged byte of a file is refused or found") {
  const Context context = MakeContext();
  const std::vector<uint8_t> pixels = MakePicture(90, 70, 3, 5);
  const std::vector<uint8_t> file = EncodePicture(context.get(), pixels, 90, 70, 3, 50, 64);
  for (size_t i = 0; i < file.size(); ++i) {
    std::vector<uint8_t> damaged = file;
    damaged[i] ^= static_cast<uint8_t>(1u << (i % 8));
    nic_image image;
    nic_error error;
    CAPTURE(i);
    REQUIRE(nic_decode(context.get(), damaged.data(), damaged.size(), &image, &error) != NIC_OK);
    REQUIRE(image.pixels == nullptr);
    REQUIRE(error.message[0] != '\0');
  }
}

TEST_CASE("a file cut anywhere is truncated") {
  const Context context = MakeContext();
  const std::vector<uint8_t> pixels = MakePicture(90, 70, 3, 5);
  const std::vector<uint8_t> file = EncodePicture(context.get(), pixels, 90, 70, 3, 50, 64);
  for (size_t size = 0; size < file.size(); ++size) {
    nic_image image;
    nic_error error;
    CAPTURE(size);
    REQUIRE(nic_decode(context.get(), file.data(), size, &image, &error) == NIC_TRUNCATED);
    REQUIRE(error.offset <= size);
  }
}

TEST_CASE("a region equals the crop of the whole picture") {
  const Context context = MakeContext();
  constexpr uint32_t kWidth = 333;
  constexpr uint32_t kHeight = 190;
  const int channels = GENERATE(1, 3);
  const std::vector<uint8_t> pixels = MakePicture(kWidth, kHeight, channels, 3);
  const std::vector<uint8_t> file = EncodePicture(context.get(), pixels, kWidth, kHeight, channels, 60, 64);
  const std::vector<uint8_t> whole = DecodePicture(context.get(), file);
  nic_decoder* decoder = nullptr;
  REQUIRE(nic_decoder_new(context.get(), &decoder, nullptr) == NIC_OK);
  const auto [x, y, width, height] = GENERATE(table<uint32_t, uint32_t, uint32_t, uint32_t>(
      {{0, 0, 1, 1}, {332, 189, 1, 1}, {63, 63, 2, 2}, {100, 20, 150, 120}, {0, 64, 333, 64}, {0, 0, 333, 190}}));
  CAPTURE(x, y, width, height);
  REQUIRE(nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder, x, y, width, height) == NIC_OK);
  std::vector<uint8_t> part(size_t{width} * height * channels);
  const nic_image image = {width, height, static_cast<nic_pixel_format>(channels), size_t{width} * channels,
                           part.data()};
  REQUIRE(nic_decoder_decode(decoder, &image) == NIC_OK);
  for (uint32_t row = 0; row < height; ++row) {
    const auto* expected = &whole[((y + row) * size_t{kWidth} + x) * channels];
    REQUIRE(std::equal(expected, expected + size_t{width} * channels, &part[row * image.stride]));
  }
  nic_decoder_free(decoder);
}

TEST_CASE("a region is refused where it is not in the picture") {
  const Context context = MakeContext();
  const std::vector<uint8_t> file = EncodePicture(context.get(), MakePicture(70, 40, 3, 3), 70, 40, 3, 60);
  nic_decoder* decoder = nullptr;
  REQUIRE(nic_decoder_new(context.get(), &decoder, nullptr) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder, 0, 0, 1, 1) == NIC_WRONG_STATE);
  REQUIRE(nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder, 0, 0, 0, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_set_region(decoder, 70, 0, 1, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_set_region(decoder, 0, 39, 1, 2) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_set_region(decoder, 0xFFFFFFFF, 0, 0xFFFFFFFF, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_set_region(decoder, 69, 39, 1, 1) == NIC_OK);
  nic_decoder_free(decoder);
}

TEST_CASE("a region of a file that is cut behind its slices decodes") {
  const Context context = MakeContext();
  const std::vector<uint8_t> file = EncodePicture(context.get(), MakePicture(200, 200, 3, 9), 200, 200, 3, 60, 64);
  nic_slice_info slice;
  REQUIRE(nic_read_slice_info(file.data(), file.size(), nullptr, 9, &slice, nullptr) == NIC_OK);
  nic_decoder* decoder = nullptr;
  REQUIRE(nic_decoder_new(context.get(), &decoder, nullptr) == NIC_OK);
  REQUIRE(nic_decoder_open(decoder, file.data(), slice.offset) == NIC_OK);
  std::vector<uint8_t> part(10 * 10 * 3);
  const nic_image image = {10, 10, NIC_RGB8, 30, part.data()};
  REQUIRE(nic_decoder_set_region(decoder, 5, 5, 10, 10) == NIC_OK);
  REQUIRE(nic_decoder_decode(decoder, &image) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder, 5, 180, 10, 10) == NIC_OK);
  REQUIRE(nic_decoder_decode(decoder, &image) == NIC_TRUNCATED);
  nic_decoder_free(decoder);
}

namespace {

struct Encoded {
  std::vector<uint8_t> file;
  nic_encode_result result;
};

Encoded EncodeWith(nic_encoder* encoder, const std::vector<uint8_t>& pixels, uint32_t width, uint32_t height,
                   int channels) {
  const nic_image image = {width, height, static_cast<nic_pixel_format>(channels), size_t{width} * channels,
                           const_cast<uint8_t*>(pixels.data())};
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  Encoded encoded;
  const nic_status status = nic_encoder_encode(encoder, &image, 0, &bytes, &size, &encoded.result);
  INFO(nic_encoder_error(encoder)->message);
  REQUIRE(status == NIC_OK);
  encoded.file.assign(bytes, bytes + size);
  return encoded;
}

}  // namespace

TEST_CASE("alpha is kept exactly and invisible colour costs nothing") {
  const Context context = MakeContext();
  const int channels = GENERATE(2, 4);
  constexpr uint32_t kWidth = 150;
  constexpr uint32_t kHeight = 70;
  std::vector<uint8_t> pixels = MakePicture(kWidth, kHeight, channels, 11);
  for (uint32_t i = 0; i < kWidth * kHeight; ++i) pixels[i * channels + channels - 1] = i % kWidth < 75 ? 0 : i % 256;

  nic_encoder* encoder = nullptr;
  REQUIRE(nic_encoder_new(context.get(), &encoder, nullptr) == NIC_OK);
  REQUIRE(nic_encoder_set(encoder, NIC_ENCODER_MODEL_ID, kModelId) == NIC_OK);
  REQUIRE(nic_encoder_set(encoder, NIC_ENCODER_PREMULTIPLIED, 1) == NIC_OK);
  const Encoded encoded = EncodeWith(encoder, pixels, kWidth, kHeight, channels);
  std::vector<uint8_t> repainted = pixels;
  for (uint32_t i = 0; i < kWidth * kHeight; ++i) {
    if (i % kWidth < 75) repainted[i * channels] = static_cast<uint8_t>(i * 31);
  }
  REQUIRE(EncodeWith(encoder, repainted, kWidth, kHeight, channels).file == encoded.file);
  nic_encoder_free(encoder);

  nic_info info;
  REQUIRE(nic_read_info(encoded.file.data(), encoded.file.size(), nullptr, &info, nullptr) == NIC_OK);
  REQUIRE(info.has_alpha == 1);
  REQUIRE(info.format == channels);
  REQUIRE(info.alpha_size > 0);
  REQUIRE(info.header_size + info.alpha_size + info.metadata_size + info.hyper_size + info.latent_size ==
          encoded.file.size());

  const std::vector<uint8_t> decoded = DecodePicture(context.get(), encoded.file);
  REQUIRE(decoded.size() == pixels.size());
  for (size_t i = channels - 1; i < pixels.size(); i += channels) REQUIRE(decoded[i] == pixels[i]);

  nic_decoder* decoder = nullptr;
  REQUIRE(nic_decoder_new(context.get(), &decoder, nullptr) == NIC_OK);
  REQUIRE(nic_decoder_open(decoder, encoded.file.data(), encoded.file.size()) == NIC_OK);
  int premultiplied = 0;
  REQUIRE(nic_decoder_premultiplied(decoder, &premultiplied) == NIC_OK);
  REQUIRE(premultiplied == 1);
  REQUIRE(nic_decoder_set(decoder, NIC_DECODER_FORMAT, channels - 1) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder, 70, 10, 20, 5) == NIC_OK);
  std::vector<uint8_t> part(20 * 5 * (channels - 1));
  const nic_image opaque = {20, 5, static_cast<nic_pixel_format>(channels - 1), size_t(20 * (channels - 1)),
                            part.data()};
  REQUIRE(nic_decoder_decode(decoder, &opaque) == NIC_OK);
  REQUIRE(nic_decoder_set(decoder, NIC_DECODER_FORMAT, 0) == NIC_OK);
  std::vector<uint8_t> with_alpha(20 * 5 * channels);
  const nic_image whole = {20, 5, static_cast<nic_pixel_format>(channels), size_t(20 * channels), with_alpha.data()};
  REQUIRE(nic_decoder_decode(decoder, &whole) == NIC_OK);
  for (uint32_t y = 0; y < 5; ++y) {
    for (uint32_t x = 0; x < 20; ++x) {
      const uint8_t* expected = &decoded[((y + 10) * size_t{kWidth} + x + 70) * channels];
      const size_t at = y * 20 + x;
      REQUIRE(std::equal(expected, expected + channels, &with_alpha[at * channels]));
      REQUIRE(std::equal(expected, expected + channels - 1, &part[at * (channels - 1)]));
    }
  }
  nic_decoder_free(decoder);
}

TEST_CASE("metadata comes back and changes no pixel") {
  const Context context = MakeContext();
  const std::vector<uint8_t> pixels = MakePicture(80, 60, 3, 2);
  const std::string profile(3000, 'p');
  const std::string exif = "MM\0*exif";
  nic_encoder* encoder = nullptr;
  REQUIRE(nic_encoder_new(context.get(), &encoder, nullptr) == NIC_OK);
  REQUIRE(nic_encoder_set(encoder, NIC_ENCODER_MODEL_ID, kModelId) == NIC_OK);
  const std::vector<uint8_t> plain = EncodeWith(encoder, pixels, 80, 60, 3).file;
  REQUIRE(nic_encoder_set_metadata(encoder, NIC_METADATA_ICC, profile.data(), profile.size()) == NIC_OK);
  REQUIRE(nic_encoder_set_metadata(encoder, NIC_METADATA_EXIF, exif.data(), exif.size()) == NIC_OK);
  const std::vector<uint8_t> file = EncodeWith(encoder, pixels, 80, 60, 3).file;
  REQUIRE(nic_encoder_set_metadata(encoder, NIC_METADATA_ICC, nullptr, 0) == NIC_OK);
  REQUIRE(nic_encoder_set_metadata(encoder, NIC_METADATA_EXIF, nullptr, 0) == NIC_OK);
  REQUIRE(EncodeWith(encoder, pixels, 80, 60, 3).file == plain);
  REQUIRE(nic_encoder_set_metadata(encoder, static_cast<nic_metadata>(0x85), "x", 1) == NIC_INVALID_ARGUMENT);
  nic_encoder_free(encoder);
  REQUIRE(DecodePicture(context.get(), file) == DecodePicture(context.get(), plain));

  nic_decoder* decoder = nullptr;
  REQUIRE(nic_decoder_new(context.get(), &decoder, nullptr) == NIC_OK);
  REQUIRE(nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_decoder_metadata(decoder, NIC_METADATA_ICC, &bytes, &size) == NIC_OK);
  REQUIRE(std::string(bytes, bytes + size) == profile);
  REQUIRE(nic_decoder_metadata(decoder, NIC_METADATA_EXIF, &bytes, &size) == NIC_OK);
  REQUIRE(std::string(bytes, bytes + size) == exif);
  REQUIRE(nic_decoder_metadata(decoder, NIC_METADATA_XMP, &bytes, &size) == NIC_OK);
  REQUIRE((bytes == nullptr && size == 0));
  nic_decoder_free(decoder);
}
