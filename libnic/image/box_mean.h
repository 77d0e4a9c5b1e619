// Smaller pictures by means over squares of samples (format-spec/codec.md, "Smaller pictures").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/memory.h"

namespace nic {

// How many squares of `scale` samples a side, the last one perhaps cut, a side has.
inline int64_t ScaledSide(int64_t side, int scale) { return (side + scale - 1) / scale; }

// The mean of `count` whole numbers, rounded to nearest, halves up.
inline int32_t RoundedMean(int64_t sum, int64_t count) {
  const int64_t raised = 2 * sum + count;
  const int64_t quotient = raised / (2 * count);
  return static_cast<int32_t>(raised % (2 * count) < 0 ? quotient - 1 : quotient);
}

// Takes rows of `width` positions with `channels` samples each, of any type of 8 or 16 bits, and gives one row of means
// for each `scale` of them. Samples are first clamped to `low` .. `high`.
template <typename Sample>
class BoxMean {
 public:
  BoxMean(int64_t width, int channels, int scale, int32_t low, int32_t high, Memory& memory)
      : width_(width),
        channels_(channels),
        scale_(scale),
        low_(low),
        high_(high),
        sums_(memory, static_cast<size_t>(ScaledSide(width, scale) * channels), 0),
        means_(memory, sums_.size()) {}

  void Add(const Sample* row) {
    for (int64_t x0 = 0, at = 0; x0 < width_; x0 += scale_, at += channels_) {
      const int64_t x1 = std::min(x0 + scale_, width_);
      for (int64_t x = x0; x < x1; ++x) {
        for (int c = 0; c < channels_; ++c) {
          sums_[static_cast<size_t>(at + c)] += std::clamp<int32_t>(*row++, low_, high_);
        }
      }
    }
    ++rows_;
  }
  int64_t rows() const { return rows_; }

  // The means of the rows since the last call, one at least; valid until the next.
  const Sample* Take() {
    for (int64_t x0 = 0, at = 0; x0 < width_; x0 += scale_, at += channels_) {
      const int64_t count = (std::min(x0 + scale_, width_) - x0) * rows_;
      for (int c = 0; c < channels_; ++c) {
        int32_t& sum = sums_[static_cast<size_t>(at + c)];
        means_[static_cast<size_t>(at + c)] = static_cast<Sample>(RoundedMean(sum, count));
        sum = 0;
      }
    }
    rows_ = 0;
    return means_.data();
  }

  static uint64_t EstimateMemory(int64_t width, int channels, int scale) {
    return static_cast<uint64_t>(ScaledSide(width, scale) * channels) * (sizeof(int32_t) + sizeof(Sample));
  }

 private:
  int64_t width_;
  int channels_;
  int scale_;
  int32_t low_;
  int32_t high_;
  Buffer<int32_t> sums_;
  Buffer<Sample> means_;
  int64_t rows_ = 0;
};

}  // namespace nic
