// Which regions of a picture matter, as a grey mask tells it: brighter is better.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/memory.h"

namespace nic {

// Grey samples of 8 or 16 bits in rows `stride` bytes apart. Borrowed.
struct MaskView {
  uint32_t width = 0;
  uint32_t height = 0;
  int depth = 8;
  size_t stride = 0;
  const uint8_t* samples = nullptr;
};

// A mask, kept as the sums of blocks: a sixteenth of the picture's pixels in bytes.
class RegionMask {
 public:
  static constexpr uint32_t kBlockSide = 8;
  static constexpr uint32_t kWhite = 65535;

  RegionMask() = default;  // of no picture
  RegionMask(const MaskView& mask, Memory& memory);

  bool empty() const { return sums_.empty(); }
  uint32_t width() const { return width_; }
  uint32_t height() const { return height_; }

  // The mean of the square of `side` pixels (a multiple of kBlockSide) whose first ones are (side * row, side *
  // column), as far as it lies in the picture: 0 .. kWhite.
  uint32_t Mean(uint32_t side, uint32_t row, uint32_t column) const;
  // Whether the block of a pixel is bright by half or more.
  bool IsInside(uint32_t x, uint32_t y) const { return Mean(kBlockSide, y / kBlockSide, x / kBlockSide) > kWhite / 2; }

 private:
  uint32_t width_ = 0;
  uint32_t height_ = 0;
  uint32_t columns_ = 0;
  Buffer<uint32_t> sums_;  // of samples of 16 bits, a block each
};

}  // namespace nic
