// Whole decoding with the small model: at once, in rows, a region, smaller, and going on after damage - all with one
// result, within the limits, and nothing left behind.
#include <algorithm>

#include "support.h"

using namespace nic;

namespace {

constexpr nic_limits kLimits = {1 << 17, 4000, uint64_t{48} << 20, 1 << 16, 0, {}};

struct Surroundings {
  Surroundings(const char* target, const std::vector<uint8_t>& package) {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    options.limits = kLimits;
    options.allocator = allocator.hooks();
    options.target = target;
    NIC_FUZZ_CHECK(nic_context_new(&options, &context, nullptr) == NIC_OK);
    fuzz::AddPackages(context, package);
  }
  fuzz::CountingAllocator allocator;
  nic_context* context = nullptr;
};

void CheckError(nic_status status, const nic_error& error, size_t size) {
  NIC_FUZZ_CHECK(fuzz::IsOrderly(status) && status == error.status);
  NIC_FUZZ_CHECK((status == NIC_OK) == (error.message[0] == '\0'));
  NIC_FUZZ_CHECK(error.offset == NIC_NO_OFFSET || error.offset <= size);
}

int TakeRows(void* user, uint32_t y, uint32_t rows, const uint8_t* pixels, size_t stride) {
  auto* all = static_cast<std::vector<uint8_t>*>(user);
  NIC_FUZZ_CHECK(all->size() == y * stride);
  all->insert(all->end(), pixels, pixels + rows * stride);
  return 0;
}

// A wrong payload of metadata is refused, and disturbs nothing else.
void ReadMetadata(nic_decoder* decoder) {
  for (const nic_metadata kind : {NIC_METADATA_ICC, NIC_METADATA_EXIF, NIC_METADATA_XMP, NIC_METADATA_CICP}) {
    const uint8_t* content = nullptr;
    size_t size = 0;
    const nic_status status = nic_decoder_metadata(decoder, kind, &content, &size);
    const bool refused = status == NIC_MALFORMED || status == NIC_LIMIT_METADATA || status == NIC_LIMIT_MEMORY;
    NIC_FUZZ_CHECK(status == NIC_OK || refused);
    NIC_FUZZ_CHECK(status == NIC_OK ? size <= kLimits.max_metadata && (content != nullptr) >= (size != 0)
                                    : content == nullptr);
  }
}

void DecodeInRows(Surroundings& surroundings, const fuzz::ExactCopy& file, nic_status expected,
                  const nic_image& image) {
  nic_decoder* decoder = nullptr;
  NIC_FUZZ_CHECK(nic_decoder_new(surroundings.context, &decoder, nullptr) == NIC_OK);
  nic_status status = nic_decoder_open(decoder, file.data(), file.size());
  std::vector<uint8_t> rows;
  if (status == NIC_OK) ReadMetadata(decoder);
  if (status == NIC_OK) status = nic_decoder_decode_rows(decoder, TakeRows, &rows);
  NIC_FUZZ_CHECK(status == expected);
  if (status == NIC_OK)
    NIC_FUZZ_CHECK(std::equal(rows.begin(), rows.end(), image.pixels, image.pixels + image.stride * image.height));
  nic_decoder_free(decoder);
}

void DecodeRegion(Surroundings& surroundings, const fuzz::ExactCopy& file, const nic_image& image) {
  const uint32_t x = file.data()[file.size() - 1] * image.width / 256,
                 y = file.data()[file.size() / 2] * image.height / 256;
  const uint32_t width = std::max(1u, (image.width - x) / 2), height = std::max(1u, (image.height - y) / 2);
  nic_decoder* decoder = nullptr;
  NIC_FUZZ_CHECK(nic_decoder_new(surroundings.context, &decoder, nullptr) == NIC_OK);
  NIC_FUZZ_CHECK(nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK);
  NIC_FUZZ_CHECK(nic_decoder_set_region(decoder, x, y, width, height) == NIC_OK);
  const size_t samples = nic_format_bytes(image.format);
  std::vector<uint8_t> pixels(samples * width * height);
  const nic_image part = {width, height, image.format, samples * width, pixels.data()};
  NIC_FUZZ_CHECK(nic_decoder_decode(decoder, &part) == NIC_OK);
  for (uint32_t row = 0; row < height; ++row) {
    const uint8_t* whole = image.pixels + (y + row) * image.stride + x * samples;
    NIC_FUZZ_CHECK(std::equal(whole, whole + part.stride, pixels.data() + row * part.stride));
  }
  nic_decoder_free(decoder);
}

void DecodeGoingOn(Surroundings& surroundings, const fuzz::ExactCopy& file, nic_status expected) {
  nic_decoder* decoder = nullptr;
  NIC_FUZZ_CHECK(nic_decoder_new(surroundings.context, &decoder, nullptr) == NIC_OK);
  NIC_FUZZ_CHECK(nic_decoder_set(decoder, NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  nic_status status = nic_decoder_open(decoder, file.data(), file.size());
  std::vector<uint8_t> rows;
  if (status == NIC_OK) {
    nic_info info;
    NIC_FUZZ_CHECK(nic_decoder_info(decoder, &info) == NIC_OK);
    status = nic_decoder_decode_rows(decoder, TakeRows, &rows);
    const bool complete = rows.size() == size_t{info.width} * info.height * nic_format_bytes(info.format);
    const bool gave_up = status == NIC_LIMIT_MEMORY || status == NIC_MALFORMED;  // the latter: of alpha
    NIC_FUZZ_CHECK(complete || gave_up);
    NIC_FUZZ_CHECK((status == NIC_OK) == (nic_decoder_damaged_slices(decoder) == 0) || gave_up);
  }
  NIC_FUZZ_CHECK(fuzz::IsOrderly(status) && (status == NIC_OK) == (expected == NIC_OK));
  nic_decoder_free(decoder);
}

// Smaller pictures of one scale, by networks of their own or as means of the whole: the same with the scalar kernels,
// refused where the whole picture is.
void DecodeSmaller(const fuzz::ExactCopy& file, nic_status expected) {
  static Surroundings means(nullptr, fuzz::SmallPackage());
  static Surroundings plain_means("scalar", fuzz::SmallPackage());
  static Surroundings previews(nullptr, fuzz::SmallPackageWithPreviews());
  static Surroundings plain_previews("scalar", fuzz::SmallPackageWithPreviews());
  const bool own = file.data()[file.size() / 2] & 2;
  Surroundings* const both[2] = {own ? &previews : &means, own ? &plain_previews : &plain_means};
  const double scale = file.data()[file.size() / 2] % 2 ? 8 : 16;
  std::vector<uint8_t> rows[2];
  nic_status status[2];
  for (int i = 0; i < 2; ++i) {
    nic_decoder* decoder = nullptr;
    NIC_FUZZ_CHECK(nic_decoder_new(both[i]->context, &decoder, nullptr) == NIC_OK);
    NIC_FUZZ_CHECK(nic_decoder_set(decoder, NIC_DECODER_SCALE, scale) == NIC_OK);
    status[i] = nic_decoder_open(decoder, file.data(), file.size());
    if (status[i] == NIC_OK) status[i] = nic_decoder_decode_rows(decoder, TakeRows, &rows[i]);
    nic_decoder_free(decoder);
  }
  NIC_FUZZ_CHECK(status[0] == status[1] && fuzz::IsOrderly(status[0]));
  NIC_FUZZ_CHECK((status[0] == NIC_OK) == (expected == NIC_OK) || status[0] == NIC_LIMIT_MEMORY ||
                 expected == NIC_LIMIT_MEMORY);
  NIC_FUZZ_CHECK(status[0] != NIC_OK || rows[0] == rows[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static Surroundings surroundings(nullptr, fuzz::SmallPackage());
  static Surroundings plain("scalar", fuzz::SmallPackage());
  if (size == 0) return 0;
  fuzz::ExactCopy file(bytes, size);
  fuzz::MendHeader(file.data(), size, true);
  const uint64_t held = surroundings.allocator.held();

  nic_image image = {};
  nic_error error;
  const nic_status status = nic_decode(surroundings.context, file.data(), size, &image, &error);
  CheckError(status, error, size);
  NIC_FUZZ_CHECK((status == NIC_OK) == (image.pixels != nullptr));
  NIC_FUZZ_CHECK(nic_context_peak_memory(surroundings.context) <= kLimits.max_memory);
  NIC_FUZZ_CHECK(surroundings.allocator.peak() <= kLimits.max_memory + 3 * kLimits.max_pixels);
  DecodeInRows(surroundings, file, status, image);
  DecodeGoingOn(surroundings, file, status);
  DecodeSmaller(file, status);
  if (status == NIC_OK) {
    DecodeInRows(plain, file, status, image);
    DecodeRegion(surroundings, file, image);
  }
  nic_free(surroundings.context, image.pixels);
  static int growths = 0;  // the first file of either model has it prepared, and it stays
  NIC_FUZZ_CHECK(surroundings.allocator.held() <= held || held < (1 << 16) || ++growths <= 2);
  return 0;
}
