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

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MALFORMED, offset, "alpha: %s", what);
}

// Means of the visible pixels of square blocks, those without any filled from ever coarser blocks.
class BlockMeans {
 public:
  static constexpr uint32_t kSide = 8;
  static_assert(InvisibleFiller::kBandRows % kSide == 0);

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

  // `fallback`: where not one pixel is visible.
  uint8_t Mean(uint32_t column, uint32_t row, int channel, uint8_t fallback) {
    const uint64_t* sum = At(column, row);
    return sum[3] ? static_cast<uint8_t>((sum[channel] + sum[3] / 2) / sum[3]) : fallback;
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

AlphaEncoder::AlphaEncoder(uint32_t width, uint32_t height, bool premultiplied, Memory& memory,
                           std::pmr::vector<uint8_t>* payload)
    : width_(width), rows_(memory, 2 * size_t{width}, 0), trial_(memory, width), filtered_(memory, size_t{width} + 1) {
  payload->push_back(premultiplied ? kPremultiplied : 0);
  frame_ = std::make_unique<FrameCompressor>((uint64_t{width} + 1) * height, kZstdLevel, true, memory, payload);
}

AlphaEncoder::~AlphaEncoder() = default;

void AlphaEncoder::Push(const uint8_t* samples, size_t step) {
  uint8_t* row = rows_.data() + (odd_ ? width_ : 0);
  const uint8_t* above = rows_.data() + (odd_ ? 0 : width_);
  for (size_t x = 0; x < width_; ++x) row[x] = samples[x * step];
  WriteBestRow(row, above, width_, trial_, filtered_.data());
  frame_->Write({filtered_.data(), filtered_.size()});
  odd_ = !odd_;
}

void AlphaEncoder::Finish() { frame_->Finish(); }

Status CheckAlphaFlags(std::span<const uint8_t> payload) {
  if (payload.empty()) return Malformed(0, "empty");
  return payload[0] > kPremultiplied ? Malformed(0, "flags: a reserved bit is set") : Status();
}

AlphaDecoder::AlphaDecoder(uint32_t width, uint32_t height, Memory& memory)
    : width_(width), height_(height), memory_(memory) {}

AlphaDecoder::~AlphaDecoder() = default;

Status AlphaDecoder::Begin(std::span<const uint8_t> payload) {
  NIC_RETURN_IF_ERROR(CheckAlphaFlags(payload));
  const std::span<const uint8_t> frame = payload.subspan(1);
  uint64_t size = 0;
  if (!ReadFrameSize(frame, &size) || size != (uint64_t{width_} + 1) * height_) {
    return Malformed(1, "not one zstd frame of the picture's size");
  }
  frame_ = std::make_unique<FrameDecompressor>(frame, memory_);
  rows_ = Buffer<uint8_t>(memory_, 2 * size_t{width_}, 0);
  filtered_ = Buffer<uint8_t>(memory_, size_t{width_} + 1);
  return {};
}

Status AlphaDecoder::Next(const uint8_t** samples) {
  if (!frame_->Read({filtered_.data(), filtered_.size()})) return Malformed(1, "the zstd frame is damaged");
  if (filtered_[0] >= kFilters) return Malformed(1, "a row has an unknown filter");
  uint8_t* row = rows_.data() + (rows_read_ % 2 ? width_ : 0);
  const uint8_t* above = rows_.data() + (rows_read_ % 2 ? 0 : width_);
  UnfilterRow(filtered_[0], filtered_.data() + 1, above, width_, row);
  *samples = row;
  if (++rows_read_ == height_ && !frame_->AtEnd()) return Malformed(1, "the zstd frame is damaged");
  return {};
}

uint64_t AlphaDecoder::EstimateMemory(std::span<const uint8_t> payload, uint32_t width) {
  return payload.empty() ? 0 : EstimateDecompressor(payload.subspan(1)) + 3 * uint64_t{width};
}

Status AlphaDecoder::Finish() {
  const uint8_t* samples = nullptr;
  while (rows_read_ < height_) NIC_RETURN_IF_ERROR(Next(&samples));
  return {};
}

InvisibleFiller::InvisibleFiller(uint32_t width, int channels, Memory& memory)
    : channels_(channels),
      memory_(memory),
      above_(memory, (size_t{width} + BlockMeans::kSide - 1) / BlockMeans::kSide * static_cast<size_t>(channels), 128) {}

void InvisibleFiller::Fill(const ChannelView& alpha, uint8_t* pixels) {
  constexpr uint32_t kSide = BlockMeans::kSide;
  const auto channels = static_cast<size_t>(channels_);
  BlockMeans means(alpha, channels_, memory_, pixels);
  for (uint32_t y = 0; y < alpha.height; ++y) {
    for (uint32_t x = 0; x < alpha.width; ++x) {
      if (alpha.samples[y * alpha.stride + x * alpha.step] != 0) continue;
      uint8_t* pixel = pixels + (size_t{y} * alpha.width + x) * channels;
      const uint8_t* above = &above_[x / kSide * channels];
      for (size_t c = 0; c < channels; ++c) {
        pixel[c] = means.Mean(x / kSide, y / kSide, static_cast<int>(c), above[c]);
      }
    }
  }
  const uint32_t last_row = (alpha.height - 1) / kSide;
  for (size_t i = 0; i < above_.size(); ++i) {
    above_[i] = means.Mean(static_cast<uint32_t>(i / channels), last_row, static_cast<int>(i % channels), above_[i]);
  }
}

}  // namespace nic
