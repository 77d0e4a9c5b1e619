#include "image/region_mask.h"

#include <algorithm>
#include <cstring>

namespace nic {
namespace {

uint32_t DivideUp(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }

uint32_t SampleAt(const MaskView& mask, uint32_t x, uint32_t y) {
  const uint8_t* row = mask.samples + y * mask.stride;
  if (mask.depth == 8) return row[x] * 257u;
  uint16_t sample = 0;
  std::memcpy(&sample, row + size_t{x} * sizeof sample, sizeof sample);
  return sample;
}

}  // namespace

RegionMask::RegionMask(const MaskView& mask, Memory& memory)
    : width_(mask.width),
      height_(mask.height),
      columns_(DivideUp(mask.width, kBlockSide)),
      sums_(memory, size_t{columns_} * DivideUp(mask.height, kBlockSide), 0) {
  for (uint32_t y = 0; y < mask.height; ++y) {
    uint32_t* sums = sums_.data() + size_t{y / kBlockSide} * columns_;
    for (uint32_t x = 0; x < mask.width; ++x) sums[x / kBlockSide] += SampleAt(mask, x, y);
  }
}

uint32_t RegionMask::Mean(uint32_t side, uint32_t row, uint32_t column) const {
  const uint64_t x0 = uint64_t{column} * side;
  const uint64_t y0 = uint64_t{row} * side;
  const uint64_t x1 = std::min<uint64_t>(x0 + side, width_);
  const uint64_t y1 = std::min<uint64_t>(y0 + side, height_);
  uint64_t sum = 0;
  for (uint64_t y = y0 / kBlockSide; y * kBlockSide < y1; ++y) {
    for (uint64_t x = x0 / kBlockSide; x * kBlockSide < x1; ++x) sum += sums_[y * columns_ + x];
  }
  const uint64_t pixels = (x1 - x0) * (y1 - y0);
  return static_cast<uint32_t>((sum + pixels / 2) / pixels);
}

}  // namespace nic
