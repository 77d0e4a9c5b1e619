#include "api/handles.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "support/small_model.h"

namespace nic::testing {

const Bytes& SmallPackage() {
  static const Bytes package = MakeSmallPackage(1, kSmallModelId);
  return package;
}

Context NewContext(const nic_context_options& options) {
  nic_context* context = nullptr;
  nic_error error = {};
  const nic_status status = nic_context_new(&options, &context, &error);
  INFO(error.message);
  REQUIRE(status == NIC_OK);
  return Context(context);
}

void AddModel(const Context& context, const Bytes& package) {
  nic_error error = {};
  const nic_status status =
      nic_context_add_model(context.get(), package.data(), package.size(), nullptr, nullptr, &error);
  INFO(error.message);
  REQUIRE(status == NIC_OK);
}

Context NewSmallContext(const nic_context_options& options) {
  Context context = NewContext(options);
  AddModel(context, SmallPackage());
  return context;
}

Encoder NewEncoder(const Context& context, uint32_t model_id) {
  nic_encoder* encoder = nullptr;
  REQUIRE(nic_encoder_new(context.get(), &encoder, nullptr) == NIC_OK);
  Encoder owner(encoder);
  Set(owner, NIC_ENCODER_MODEL_ID, model_id);
  return owner;
}

Decoder NewDecoder(const Context& context) {
  nic_decoder* decoder = nullptr;
  REQUIRE(nic_decoder_new(context.get(), &decoder, nullptr) == NIC_OK);
  return Decoder(decoder);
}

void Set(const Encoder& encoder, nic_encoder_parameter parameter, double value) {
  const nic_status status = nic_encoder_set(encoder.get(), parameter, value);
  INFO(nic_encoder_error(encoder.get())->message);
  REQUIRE(status == NIC_OK);
}

namespace {

Picture NewPicture(uint32_t width, uint32_t height, nic_pixel_format format) {
  return {width, height, format, Bytes(size_t{width} * height * nic_format_bytes(format))};
}

// Sets sample number i to a value of 8 bits, with something below it in 16 bits.
void SetSample(Picture& picture, size_t i, uint8_t value) {
  if (nic_format_depth(picture.format) == 8) {
    picture.pixels[i] = value;
    return;
  }
  const auto wide = static_cast<uint16_t>(value * 256u + i % 200);
  std::memcpy(&picture.pixels[2 * i], &wide, sizeof wide);
}

}  // namespace

Picture MakePicture(uint32_t width, uint32_t height, nic_pixel_format format, uint32_t seed) {
  Picture picture = NewPicture(width, height, format);
  std::mt19937 random(seed);
  const size_t channels = nic_format_channels(format);
  for (size_t i = 0; i < width * height * channels; ++i) {
    const size_t x = i / channels % width;
    const size_t y = i / channels / width;
    SetSample(picture, i, static_cast<uint8_t>(x * 3 + y * 2 + random() % 40));
  }
  return picture;
}

Picture MakeBlocks(uint32_t width, uint32_t height, nic_pixel_format format, uint32_t seed) {
  Picture picture = NewPicture(width, height, format);
  std::mt19937 random(seed);
  const size_t columns = (width + 7) / 8;
  Bytes blocks(columns * ((height + 7) / 8));
  for (uint8_t& block : blocks) block = static_cast<uint8_t>(20 + random() % 216);
  const size_t channels = nic_format_channels(format);
  for (size_t i = 0; i < width * height * channels; ++i) {
    const size_t x = i / channels % width;
    const size_t y = i / channels / width;
    SetSample(picture, i, blocks[y / 8 * columns + x / 8]);
  }
  return picture;
}

Bytes Encode(const Encoder& encoder, Picture picture, nic_encode_result* result, bool measure) {
  const nic_image image = picture.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  const nic_status status = nic_encoder_encode(encoder.get(), &image, measure, &bytes, &size, result);
  INFO(nic_encoder_error(encoder.get())->message);
  REQUIRE(status == NIC_OK);
  return Bytes(bytes, bytes + size);
}

Bytes EncodeSmall(const Context& context, const Picture& picture, double quality, uint32_t slice_side) {
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_QUALITY, quality);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, slice_side);
  return Encode(encoder, picture);
}

Picture Decode(const Context& context, const Bytes& file) {
  nic_image image;
  nic_error error = {};
  const nic_status status = nic_decode(context.get(), file.data(), file.size(), &image, &error);
  INFO(error.message);
  REQUIRE(status == NIC_OK);
  REQUIRE(image.stride == size_t{image.width} * nic_format_bytes(image.format));
  Picture picture{image.width, image.height, image.format,
                  Bytes(image.pixels, image.pixels + image.stride * image.height)};
  nic_free(context.get(), image.pixels);
  return picture;
}

int SampleOf(const Picture& picture, size_t i) {
  if (nic_format_depth(picture.format) == 8) return picture.pixels[i];
  uint16_t sample = 0;
  std::memcpy(&sample, &picture.pixels[2 * i], sizeof sample);
  return sample;
}

double PsnrOf(const Picture& a, const Picture& b) {
  REQUIRE(a.pixels.size() == b.pixels.size());
  REQUIRE(a.format == b.format);
  const size_t samples = size_t{a.width} * a.height * nic_format_channels(a.format);
  const double peak = nic_format_depth(a.format) == 16 ? 65535 : 255;
  double squares = 0;
  for (size_t i = 0; i < samples; ++i) squares += std::pow(double(SampleOf(a, i)) - SampleOf(b, i), 2);
  return 10 * std::log10(peak * peak * static_cast<double>(samples) / squares);
}

namespace {

// Before each block. No container keeps the books: its own memory would be among what tests count and refuse.
struct alignas(std::max_align_t) Head {
  uint64_t magic;
  size_t bytes;
};
constexpr uint64_t kHandedOut = 0x6E6963626C6F636B;
constexpr uint64_t kReleased = 0x6E69636672656564;

void Fail(const char* what) {
  std::fprintf(stderr, "CountingAllocator: %s\n", what);
  std::abort();
}

}  // namespace

CountingAllocator::~CountingAllocator() {
  if (blocks_ != 0) Fail("a block was never released");
}

void CountingAllocator::FailAt(uint64_t number, bool from_there_on) {
  const std::lock_guard lock(mutex_);
  fail_at_ = number ? calls_ + number : 0;
  from_there_on_ = from_there_on;
}

void* CountingAllocator::Allocate(void* user, size_t bytes) {
  auto* self = static_cast<CountingAllocator*>(user);
  const std::lock_guard lock(self->mutex_);
  ++self->calls_;
  const bool fails =
      self->calls_ == self->fail_at_ || (self->from_there_on_ && self->fail_at_ && self->calls_ > self->fail_at_);
  if (fails || bytes > SIZE_MAX - sizeof(Head)) return nullptr;
  auto* head = static_cast<Head*>(std::malloc(sizeof(Head) + bytes));
  if (!head) return nullptr;
  *head = {kHandedOut, bytes};
  std::memset(head + 1, 0xC7, bytes < 4096 ? bytes : 4096);  // nobody may count on zeros
  ++self->blocks_;
  self->held_ += bytes;
  self->peak_ = std::max(self->peak_, self->held_);
  return head + 1;
}

void CountingAllocator::Release(void* user, void* block) {
  auto* self = static_cast<CountingAllocator*>(user);
  const std::lock_guard lock(self->mutex_);
  Head* head = static_cast<Head*>(block) - 1;
  if (head->magic != kHandedOut) Fail("a block was released that is not handed out");
  head->magic = kReleased;
  --self->blocks_;
  self->held_ -= head->bytes;
  std::free(head);
}

}  // namespace nic::testing
