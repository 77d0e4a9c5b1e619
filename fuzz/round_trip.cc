// Random pixels through encoder and decoder: whatever the picture and the options, the file decodes, twice alike, and
// says of itself what was asked for.
#include <algorithm>

#include "support.h"

using namespace nic;

namespace {

constexpr uint32_t kMaxSide = 160;

nic_context* MakeContext() {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  nic_context* context = nullptr;
  NIC_FUZZ_CHECK(nic_context_new(&options, &context, nullptr) == NIC_OK);
  const std::vector<uint8_t>& package = fuzz::SmallPackage();
  NIC_FUZZ_CHECK(nic_context_add_model(context, package.data(), package.size(), nullptr, nullptr, nullptr) == NIC_OK);
  return context;
}

// The rest of the input repeated, with a slope over it.
std::vector<uint8_t> MakePixels(std::span<const uint8_t> bytes, size_t size) {
  std::vector<uint8_t> pixels(size);
  for (size_t i = 0; i < size; ++i) {
    pixels[i] = static_cast<uint8_t>((bytes.empty() ? 0 : bytes[i % bytes.size()]) + i / (bytes.size() + 1));
  }
  return pixels;
}

void SetOptions(nic_encoder* encoder, fuzz::Numbers& numbers) {
  NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_MODEL_ID, fuzz::kSmallModelId) == NIC_OK);
  NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_SLICE_SIDE, 64 << numbers.In(0, 4)) == NIC_OK);
  NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_EFFORT, numbers.In(1, 5)) == NIC_OK);
  switch (numbers.Byte() % 4) {
    case 0:
      NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_QUALITY, numbers.In(0, 1000) / 10.0) == NIC_OK);
      break;
    case 1:
      NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_GAIN_LEVEL, numbers.In(0, 1)) == NIC_OK);
      NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_INTERPOLATION, numbers.In(0, 255) / 256.0) == NIC_OK);
      break;
    case 2:
      NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_TARGET_SIZE, numbers.In(1, 5000)) == NIC_OK);
      break;
    default:
      NIC_FUZZ_CHECK(nic_encoder_set(encoder, NIC_ENCODER_TARGET_PSNR, numbers.In(1, 60)) == NIC_OK);
  }
}

void CheckMetadata(nic_context* context, const fuzz::ExactCopy& file, const std::vector<uint8_t>& expected) {
  nic_decoder* decoder = nullptr;
  const uint8_t* content = nullptr;
  size_t size = 0;
  NIC_FUZZ_CHECK(nic_decoder_new(context, &decoder, nullptr) == NIC_OK);
  NIC_FUZZ_CHECK(nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK);
  NIC_FUZZ_CHECK(nic_decoder_metadata(decoder, NIC_METADATA_XMP, &content, &size) == NIC_OK);
  NIC_FUZZ_CHECK(std::equal(expected.begin(), expected.end(), content, content + size));
  NIC_FUZZ_CHECK(nic_decoder_metadata(decoder, NIC_METADATA_ICC, &content, &size) == NIC_OK && size == 0);
  nic_decoder_free(decoder);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static nic_context* const context = MakeContext();
  fuzz::Numbers numbers(bytes, size);
  const uint32_t width = numbers.In(1, kMaxSide), height = numbers.In(1, kMaxSide);
  constexpr nic_pixel_format kFormats[] = {NIC_GREY8,  NIC_GREY_ALPHA8,  NIC_RGB8,  NIC_RGBA8,
                                           NIC_GREY16, NIC_GREY_ALPHA16, NIC_RGB16, NIC_RGBA16};
  const nic_pixel_format format = kFormats[numbers.Byte() % 8];
  nic_encoder* encoder = nullptr;
  NIC_FUZZ_CHECK(nic_encoder_new(context, &encoder, nullptr) == NIC_OK);
  SetOptions(encoder, numbers);
  const size_t stride = size_t{width} * nic_format_bytes(format);
  std::vector<uint8_t> pixels = MakePixels(numbers.rest(), stride * height);
  const nic_image image = {width, height, format, stride, pixels.data()};
  const std::vector<uint8_t> metadata(numbers.rest().begin(), numbers.rest().end());
  NIC_FUZZ_CHECK(nic_encoder_set_metadata(encoder, NIC_METADATA_XMP, metadata.data(), metadata.size()) == NIC_OK);
  const uint8_t* coded = nullptr;
  size_t coded_size = 0;
  nic_encode_result result;
  const nic_status status = nic_encoder_encode(encoder, &image, 0, &coded, &coded_size, &result);
  NIC_FUZZ_CHECK(status == NIC_OK && result.size == coded_size);

  const fuzz::ExactCopy file(coded, coded_size);
  nic_encoder_free(encoder);
  nic_info info;
  NIC_FUZZ_CHECK(nic_read_info(file.data(), file.size(), nullptr, &info, nullptr) == NIC_OK);
  NIC_FUZZ_CHECK(info.width == width && info.height == height && info.format == format);
  NIC_FUZZ_CHECK(info.gain_level == result.gain_level && info.interpolation == result.interpolation);
  NIC_FUZZ_CHECK(info.header_size + info.metadata_size + info.alpha_size + info.gain_map_size + info.hyper_size +
                     info.latent_size ==
                 file.size());
  CheckMetadata(context, file, metadata);
  nic_image decoded[2];
  for (nic_image& each : decoded)
    NIC_FUZZ_CHECK(nic_decode(context, file.data(), file.size(), &each, nullptr) == NIC_OK);
  NIC_FUZZ_CHECK(std::equal(decoded[0].pixels, decoded[0].pixels + stride * height, decoded[1].pixels));
  for (const nic_image& each : decoded) nic_free(context, each.pixels);
  return 0;
}
