// Samples of 16 bits, through the C API.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "api/handles.h"

using namespace nic::testing;

namespace {

Picture DecodeAs(const Context& context, const Bytes& file, nic_pixel_format format) {
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_FORMAT, format) == NIC_OK);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  nic_info info;
  REQUIRE(nic_decoder_info(decoder.get(), &info) == NIC_OK);
  Picture picture{info.width, info.height, format, Bytes(size_t{info.width} * info.height * nic_format_bytes(format))};
  const nic_image image = picture.View();
  REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_OK);
  return picture;
}

}  // namespace

TEST_CASE("formats tell channels, depth and bytes") {
  REQUIRE(nic_format_channels(NIC_GREY_ALPHA16) == 2);
  REQUIRE(nic_format_channels(NIC_RGB8) == 3);
  REQUIRE(nic_format_depth(NIC_RGBA16) == 16);
  REQUIRE(nic_format_depth(NIC_RGBA8) == 8);
  REQUIRE(nic_format_bytes(NIC_RGBA16) == 8);
  REQUIRE(nic_format_bytes(NIC_GREY8) == 1);
}

TEST_CASE("a picture of 16 bits comes back in its own format, alpha exactly") {
  const Context context = NewSmallContext();
  const auto format = GENERATE(NIC_GREY16, NIC_GREY_ALPHA16, NIC_RGB16, NIC_RGBA16);
  const Picture picture = MakePicture(70, 40, format);
  const Encoder encoder = NewEncoder(context);
  nic_encode_result result;
  const Bytes file = Encode(encoder, picture, &result, true);
  nic_info info;
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &info, nullptr) == NIC_OK);
  REQUIRE(info.format == format);
  REQUIRE(info.bit_depth == 16);
  const Picture decoded = Decode(context, file);
  REQUIRE(decoded.format == format);
  const size_t channels = nic_format_channels(format);
  if (channels % 2 == 1) {
    REQUIRE(PsnrOf(decoded, picture) == Approx(result.psnr).epsilon(1e-9));
    return;
  }
  REQUIRE(info.has_alpha);
  for (size_t i = channels - 1; i < size_t{70} * 40 * channels; i += channels) {
    REQUIRE(SampleOf(decoded, i) == SampleOf(picture, i));
  }
}

TEST_CASE("premultiplied colours of 16 bits stay premultiplied") {
  const Context context = NewSmallContext();
  const auto format = GENERATE(NIC_GREY_ALPHA16, NIC_RGBA16);
  const Picture picture = MakePicture(70, 40, format);
  const Encoder encoder = NewEncoder(context);
  const Bytes plain = Encode(encoder, picture);
  Set(encoder, NIC_ENCODER_PREMULTIPLIED, 1);
  const Bytes file = Encode(encoder, picture);
  const Decoder decoder = NewDecoder(context);
  for (const bool said : {false, true}) {
    const Bytes& bytes = said ? file : plain;
    int premultiplied = -1;
    REQUIRE(nic_decoder_open(decoder.get(), bytes.data(), bytes.size()) == NIC_OK);
    REQUIRE(nic_decoder_premultiplied(decoder.get(), &premultiplied) == NIC_OK);
    REQUIRE(premultiplied == (said ? 1 : 0));
  }
  // Only a note: samples of either depth are the same.
  REQUIRE(Decode(context, file).pixels == Decode(context, plain).pixels);
  const auto narrow = static_cast<nic_pixel_format>(format & 15);
  REQUIRE(DecodeAs(context, file, narrow).pixels == DecodeAs(context, plain, narrow).pixels);
}

TEST_CASE("any file decodes in either depth, and the depths agree") {
  const Context context = NewSmallContext();
  const auto own = GENERATE(NIC_GREY8, NIC_RGBA8, NIC_GREY_ALPHA16, NIC_RGB16);
  const Bytes file = EncodeSmall(context, MakePicture(50, 30, own));
  const uint32_t colours = nic_format_channels(own) < 3 ? NIC_GREY8 : NIC_RGB8;
  for (const uint32_t alpha : {0u, 1u}) {
    const Picture narrow = DecodeAs(context, file, static_cast<nic_pixel_format>(colours + alpha));
    const Picture wide = DecodeAs(context, file, static_cast<nic_pixel_format>(colours + alpha + 16));
    bool finer = false;
    for (size_t i = 0; i < narrow.pixels.size(); ++i) {
      const int difference = SampleOf(wide, i) - 257 * SampleOf(narrow, i);
      REQUIRE(std::abs(difference) <= 140);  // half a level, and what grey is rounded by on the way
      finer = finer || difference != 0;
    }
    REQUIRE(finer);
  }
}

TEST_CASE("a file of 8 bits and one of 16 bits of the same picture have the same latents") {
  const Context context = NewSmallContext();
  const Picture narrow = MakePicture(60, 50, NIC_RGB8);
  Picture wide{60, 50, NIC_RGB16, Bytes(2 * narrow.pixels.size())};
  for (size_t i = 0; i < narrow.pixels.size(); ++i) wide.pixels[2 * i] = wide.pixels[2 * i + 1] = narrow.pixels[i];
  Bytes a = EncodeSmall(context, narrow), b = EncodeSmall(context, wide);
  REQUIRE(a.size() == b.size());
  REQUIRE(a[9] + 4 == b[9]);  // flags
  REQUIRE(DecodeAs(context, b, NIC_RGB8).pixels == Decode(context, a).pixels);
}

TEST_CASE("samples of 16 bits must lie at even places") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  Bytes room(2000);
  uint8_t* even = room.data() + reinterpret_cast<uintptr_t>(room.data()) % 2;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  nic_image image = {10, 10, NIC_GREY16, 20, even};
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_OK);
  const Bytes file(bytes, bytes + size);
  image.pixels = even + 1;
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_INVALID_ARGUMENT);
  image = {10, 10, NIC_GREY16, 21, even};
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_INVALID_ARGUMENT);
  image.stride = 18;
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_INVALID_ARGUMENT);

  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  image = {10, 10, NIC_GREY16, 20, even + 1};
  REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_INVALID_ARGUMENT);
  image = {10, 10, NIC_GREY16, 18, even};
  REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_BUFFER_TOO_SMALL);
  image.stride = 20;
  REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_OK);
}

TEST_CASE("a mask of 16 bits serves as one of 8 bits") {
  const Context context = NewSmallContext();
  const Picture picture = MakePicture(64, 48, NIC_RGB8);
  Picture narrow = MakePicture(64, 48, NIC_GREY8);
  Picture wide{64, 48, NIC_GREY16, Bytes(2 * narrow.pixels.size())};
  for (size_t i = 0; i < narrow.pixels.size(); ++i) wide.pixels[2 * i] = wide.pixels[2 * i + 1] = narrow.pixels[i];
  const Encoder encoder = NewEncoder(context);
  nic_image mask = narrow.View();
  REQUIRE(nic_encoder_set_roi(encoder.get(), &mask, 2) == NIC_OK);
  const Bytes file = Encode(encoder, picture);
  mask = wide.View();
  REQUIRE(nic_encoder_set_roi(encoder.get(), &mask, 2) == NIC_OK);
  REQUIRE(Encode(encoder, picture) == file);
}
