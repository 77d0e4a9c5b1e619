// Any region of any file, also a damaged one: its pixels are those of the whole picture.
#include <algorithm>

#include "support.h"

using namespace nic;

namespace {

constexpr nic_limits kLimits = {1 << 16, 4000, uint64_t{48} << 20, 1 << 16, 0, {}};

nic_context* MakeContext() {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  options.limits = kLimits;
  nic_context* context = nullptr;
  NIC_FUZZ_CHECK(nic_context_new(&options, &context, nullptr) == NIC_OK);
  fuzz::AddPackages(context, fuzz::SmallPackage());
  return context;
}

struct Region {
  uint32_t x, y, width, height;
};

Region DrawRegion(fuzz::Numbers& numbers, const nic_info& info) {
  Region region;
  region.x = numbers.In(0, info.width - 1);
  region.y = numbers.In(0, info.height - 1);
  region.width = numbers.In(1, info.width - region.x);
  region.height = numbers.In(1, info.height - region.y);
  return region;
}

struct Rows {
  std::vector<uint8_t> pixels;
  size_t stride;
};

int TakeRows(void* user, uint32_t y, uint32_t rows, const uint8_t* pixels, size_t stride) {
  auto* taken = static_cast<Rows*>(user);
  NIC_FUZZ_CHECK(stride == taken->stride && taken->pixels.size() == y * stride);
  taken->pixels.insert(taken->pixels.end(), pixels, pixels + rows * stride);
  return 0;
}

// Of a status with which, going on after damage, every pixel has been written.
bool IsComplete(nic_status status) {
  return status == NIC_OK || status == NIC_SLICE_DAMAGED || status == NIC_TRUNCATED;
}

void CheckRegion(nic_decoder* decoder, const Region& region, const Rows& whole, const nic_info& info,
                 nic_status status) {
  NIC_FUZZ_CHECK(nic_decoder_set_region(decoder, region.x, region.y, region.width, region.height) == NIC_OK);
  Rows part = {{}, size_t{region.width} * nic_format_bytes(info.format)};
  const nic_status of_part = nic_decoder_decode_rows(decoder, TakeRows, &part);
  NIC_FUZZ_CHECK(fuzz::IsOrderly(of_part));
  if (!IsComplete(status)) return;  // alpha, a gain map or the limit on memory: a region may do with less
  NIC_FUZZ_CHECK(IsComplete(of_part) && (status != NIC_OK || of_part == NIC_OK));
  NIC_FUZZ_CHECK(part.pixels.size() == part.stride * region.height);
  for (uint32_t row = 0; row < region.height; ++row) {
    const uint8_t* expected =
        whole.pixels.data() + (region.y + row) * whole.stride + size_t{region.x} * nic_format_bytes(info.format);
    NIC_FUZZ_CHECK(std::equal(expected, expected + part.stride, part.pixels.data() + row * part.stride));
  }
}

}  // namespace

// The first eight bytes place the region, the others are the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static nic_context* const context = MakeContext();
  constexpr size_t kHead = 8;
  if (size <= kHead) return 0;
  fuzz::Numbers numbers(bytes, kHead);
  fuzz::ExactCopy file(bytes + kHead, size - kHead);
  fuzz::MendHeader(file.data(), file.size(), true);
  nic_decoder* decoder = nullptr;
  NIC_FUZZ_CHECK(nic_decoder_new(context, &decoder, nullptr) == NIC_OK);
  NIC_FUZZ_CHECK(nic_decoder_set(decoder, NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  nic_info info;
  if (nic_decoder_open(decoder, file.data(), file.size()) == NIC_OK &&
      nic_decoder_info(decoder, &info) == NIC_OK) {
    Rows whole = {{}, size_t{info.width} * nic_format_bytes(info.format)};
    const nic_status status = nic_decoder_decode_rows(decoder, TakeRows, &whole);
    NIC_FUZZ_CHECK(fuzz::IsOrderly(status));
    CheckRegion(decoder, DrawRegion(numbers, info), whole, info, status);
    NIC_FUZZ_CHECK(nic_decoder_set_region(decoder, info.width, 0, 1, 1) == NIC_INVALID_ARGUMENT);
  }
  nic_decoder_free(decoder);
  return 0;
}
