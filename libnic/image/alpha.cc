#include "image/alpha.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "container/compression.h"

namespace nic {
namespace {

constexpr uint8_t kPremultiplied = 1;
constexpr int kZstdLevel = 12;
constexpr int kFilters = 5;

int PredictPaeth(int left, int up, int corner) {
  const int estimate = left + up - corner;
  const int to_left = std::abs(estimate - left);
  const int to_up = std::abs(estimate - up);
  const int to_corner = std::abs(estimate - corner);
  if (to_left <= to_up && to_left <= to_corner) return left;
  return to_up <= to_corner ? up : corner;
}

// The filters of PNG (ISO/IEC 15948, section 9), by their numbers there.
int Predict(int filter, int left, int up, int corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return PredictPaeth(left, up, corner);
    default:
      return 0;
  }
}

void FilterRow(int filter, const uint8_t* row, const uint8_t* above, size_t width, uint8_t* filtered) {
  for (size_t x = 0; x < width; ++x) {
    const int left = x ? row[x - 1] : 0;
    const int corner = x ? above[x - 1] : 0;
    filtered[x] = static_cast<uint8_t>(row[x] - Predict(filter, left, above[x], corner));
  }
}

void UnfilterRow(int filter, const uint8_t* filtered, const uint8_t* above, size_t width, uint8_t* row) {
  for (size_t x = 0; x < width; ++x) {
    const int left = x ? row[x - 1] : 0;
    const int corner = x ? above[x - 1] : 0;
    row[x] = static_cast<uint8_t>(filtered[x] + Predict(filter, left, above[x], corner));
  }
}

// How far the bytes lie from 0, as signed numbers: the usual guess at what compresses best.
uint64_t SumMagnitudes(const uint8_t* filtered, size_t width) {
  uint64_t sum = 0;
  for (size_t x = 0; x < width; ++x) sum += static_cast<uint64_t>(std::abs(static_cast<int8_t>(filtered[x])));
  return sum;
}

// Writes the filter's number and the filtered row.
void WriteBestRow(const uint8_t* row, const uint8_t* above, size_t width, Buffer<uint8_t>& trial, uint8_t* out) {
  uint64_t best = UINT64_MAX;
  for (int filter = 0; filter < kFilters; ++filter) {
    FilterRow(filter, row, above, width, trial.data());
    const uint64_t magnitudes = SumMagnitudes(trial.data(), width);
    if (magnitudes >= best) continue;
    best = magnitudes;
    out[0] = static_cast<uint8_t>(filter);
    std::memcpy(out + 1, trial.data(), width);
  }
}

Buffer<uint8_t> FilterRows(const ChannelView& alpha, Memory& memory) {
  const size_t width = alpha.width;
  Buffer<uint8_t> filtered(memory, (width + 1) * alpha.height);
  Buffer<uint8_t> rows(memory, 2 * width, 0);
  Buffer<uint8_t> trial(memory, width);
  uint8_t* above = rows.data();
  uint8_t* row = rows.data() + width;
  for (uint32_t y = 0; y < alpha.height; ++y) {
    const uint8_t* samples = alpha.samples + y * alpha.stride;
    for (size_t x = 0; x < width; ++x) row[x] = samples[x * alpha.step];
    WriteBestRow(row, above, width, trial, filtered.data() + y * (width + 1));
    std::swap(row, above);
  }
  return filtered;
}

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MALFORMED, offset, "alpha: %s", what);
}

// The frame must be one whole frame of `expected` bytes.
Status Decompress(std::span<const uint8_t> frame, size_t expected, Memory& memory, Buffer<uint8_t>* filtered) {
  uint64_t size = 0;
  if (!ReadFrameSize(frame, &size) || size != expected) return Malformed(1, "not one zstd frame of the picture's size");
  *filtered = Buffer<uint8_t>(memory, expected);
  return DecompressFrame(frame, memory, filtered) ? Status() : Malformed(1, "the zstd frame is damaged");
}

// Means of the visible pixels of square blocks, those without any filled from ever coarser blocks.
class BlockMeans {
 public:
  static constexpr uint32_t kSide = 8;

  BlockMeans(const ChannelView& alpha, int channels, Memory& memory, const uint8_t* pixels)
      : channels_(channels),
        columns_((alpha.width + kSide - 1) / kSide),
        rows_((alpha.height + kSide - 1) / kSide),
        sums_(memory, size_t{columns_} * rows_ * kSlots, 0) {
    for (uint32_t y = 0; y < alpha.height; ++y) {
      for (uint32_t x = 0; x < alpha.width; ++x) {
        if (alpha.samples[y * alpha.stride + x * alpha.step] == 0) continue;
        const uint8_t* pixel = pixels + (size_t{y} * alpha.width + x) * static_cast<size_t>(channels);
        uint64_t* sum = At(x / kSide, y / kSide);
        for (int c = 0; c < channels; ++c) sum[c] += pixel[c];
        ++sum[3];
      }
    }
    for (uint32_t step = 1; step < std::max(columns_, rows_); step *= 2) Spread(2 * step);
  }

  uint8_t Mean(uint32_t x, uint32_t y, int channel) {
    const uint64_t* sum = At(x / kSide, y / kSide);
    return sum[3] ? static_cast<uint8_t>((sum[channel] + sum[3] / 2) / sum[3]) : 128;
  }

 private:
  static constexpr size_t kSlots = 4;  // sums of up to three channels, then the count

  uint64_t* At(uint32_t column, uint32_t row) { return &sums_[(size_t{row} * columns_ + column) * kSlots]; }

  // Gives the empty blocks of each group of group x group blocks the sum of the others.
  void Spread(uint32_t group) {
    for (uint32_t row = 0; row < rows_; row += group) {
      for (uint32_t column = 0; column < columns_; column += group) SpreadGroup(column, row, group);
    }
  }

  void SpreadGroup(uint32_t column, uint32_t row, uint32_t group) {
    uint64_t total[kSlots] = {};
    const uint32_t last_row = std::min(row + group, rows_);
    const uint32_t last_column = std::min(column + group, columns_);
    for (uint32_t r = row; r < last_row; ++r) {
      for (uint32_t c = column; c < last_column; ++c) {
        for (size_t i = 0; i < kSlots; ++i) total[i] += At(c, r)[i];
      }
    }
    if (total[3] == 0) return;
    for (int i = 0; i < channels_; ++i) total[i] = (total[i] + total[3] / 2) / total[3];
    total[3] = 1;  // the mean, not the weight, goes on to coarser groups
    for (uint32_t r = row; r < last_row; ++r) {
      for (uint32_t c = column; c < last_column; ++c) {
        if (At(c, r)[3] == 0) std::copy_n(total, kSlots, At(c, r));
      }
    }
  }

  int channels_;
  uint32_t columns_;
  uint32_t rows_;
  Buffer<uint64_t> sums_;
};

}  // namespace

void EncodeAlpha(const ChannelView& alpha, bool premultiplied, Memory& memory, std::pmr::vector<uint8_t>* payload) {
  const Buffer<uint8_t> filtered = FilterRows(alpha, memory);
  payload->push_back(premultiplied ? kPremultiplied : 0);
  CompressFrame({filtered.data(), filtered.size()}, kZstdLevel, true, memory, payload);
}

Status CheckAlphaFlags(std::span<const uint8_t> payload) {
  if (payload.empty()) return Malformed(0, "empty");
  return payload[0] > kPremultiplied ? Malformed(0, "flags: a reserved bit is set") : Status();
}

Status DecodeAlpha(std::span<const uint8_t> payload, uint32_t width, uint32_t height, Memory& memory, Alpha* alpha) {
  NIC_RETURN_IF_ERROR(CheckAlphaFlags(payload));
  Buffer<uint8_t> filtered;
  NIC_RETURN_IF_ERROR(Decompress(payload.subspan(1), (size_t{width} + 1) * height, memory, &filtered));
  alpha->premultiplied = payload[0] == kPremultiplied;
  alpha->samples = Buffer<uint8_t>(memory, size_t{width} * height);
  const Buffer<uint8_t> zeros(memory, width, 0);
  const uint8_t* above = zeros.data();
  for (uint32_t y = 0; y < height; ++y) {
    const uint8_t* row = filtered.data() + y * (size_t{width} + 1);
    if (row[0] >= kFilters) return Malformed(1, "a row has an unknown filter");
    uint8_t* samples = alpha->samples.data() + size_t{y} * width;
    UnfilterRow(row[0], row + 1, above, width, samples);
    above = samples;
  }
  return {};
}

void SmoothInvisible(const ChannelView& alpha, int channels, Memory& memory, uint8_t* pixels) {
  BlockMeans means(alpha, channels, memory, pixels);
  for (uint32_t y = 0; y < alpha.height; ++y) {
    for (uint32_t x = 0; x < alpha.width; ++x) {
      if (alpha.samples[y * alpha.stride + x * alpha.step] != 0) continue;
      uint8_t* pixel = pixels + (size_t{y} * alpha.width + x) * static_cast<size_t>(channels);
      for (int c = 0; c < channels; ++c) pixel[c] = means.Mean(x, y, c);
    }
  }
}

}  // namespace nic
