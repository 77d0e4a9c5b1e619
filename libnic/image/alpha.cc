#include "image/alpha.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>

#include "container/compression.h"

namespace nic {
namespace {

constexpr uint8_t kPremultiplied = 1;
constexpr uint8_t kDeep = 2;
constexpr int kZstdLevel = 12;
constexpr int kFilters = 5;
constexpr uint32_t kBlockSide = 8;

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

template <typename Sample>
void FilterRow(int filter, const Sample* row, const Sample* above, size_t width, Sample* filtered) {
  for (size_t x = 0; x < width; ++x) {
    const int left = x ? row[x - 1] : 0;
    const int corner = x ? above[x - 1] : 0;
    filtered[x] = static_cast<Sample>(row[x] - Predict(filter, left, above[x], corner));
  }
}

// In place.
template <typename Sample>
void UnfilterRow(int filter, const Sample* above, size_t width, Sample* row) {
  for (size_t x = 0; x < width; ++x) {
    const int left = x ? row[x - 1] : 0;
    const int corner = x ? above[x - 1] : 0;
    row[x] = static_cast<Sample>(row[x] + Predict(filter, left, above[x], corner));
  }
}

// How far the samples lie from 0, as signed numbers: the usual guess at what compresses best.
template <typename Sample>
uint64_t SumMagnitudes(const Sample* filtered, size_t width) {
  uint64_t sum = 0;
  for (size_t x = 0; x < width; ++x) {
    sum += static_cast<uint64_t>(std::abs(int{static_cast<std::make_signed_t<Sample>>(filtered[x])}));
  }
  return sum;
}

// A row as bytes: those of 16 bits with all high bytes first, which are mostly alike.
void StoreRow(const uint8_t* row, size_t width, uint8_t* bytes) { std::memcpy(bytes, row, width); }

void StoreRow(const uint16_t* row, size_t width, uint8_t* bytes) {
  for (size_t x = 0; x < width; ++x) {
    bytes[x] = static_cast<uint8_t>(row[x] >> 8);
    bytes[width + x] = static_cast<uint8_t>(row[x]);
  }
}

void LoadRow(const uint8_t* bytes, size_t width, uint8_t* row) { std::memcpy(row, bytes, width); }

void LoadRow(const uint8_t* bytes, size_t width, uint16_t* row) {
  for (size_t x = 0; x < width; ++x) row[x] = static_cast<uint16_t>(bytes[x] << 8 | bytes[width + x]);
}

// Writes the filter's number and the filtered row.
template <typename Sample>
void WriteBestRow(const Sample* row, const Sample* above, size_t width, Sample* trial, uint8_t* out) {
  uint64_t best = UINT64_MAX;
  for (int filter = 0; filter < kFilters; ++filter) {
    FilterRow(filter, row, above, width, trial);
    const uint64_t magnitudes = SumMagnitudes(trial, width);
    if (magnitudes >= best) continue;
    best = magnitudes;
    out[0] = static_cast<uint8_t>(filter);
    StoreRow(trial, width, out + 1);
  }
}

int SampleAt(const ChannelView& channel, size_t x, uint32_t y) {
  const uint8_t* sample = channel.samples + y * channel.stride + x * channel.step;
  if (channel.depth == 8) return *sample;
  uint16_t wide = 0;
  std::memcpy(&wide, sample, sizeof wide);
  return wide;
}

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MALFORMED, offset, "alpha: %s", what);
}

// Bytes of a row in the frame.
size_t RowBytes(size_t width, bool deep) { return 1 + width * (deep ? 2 : 1); }

// Means of the visible pixels of square blocks, those without any filled from ever coarser blocks.
template <typename Sample>
class BlockMeans {
 public:
  static constexpr uint32_t kSide = kBlockSide;
  static_assert(InvisibleFiller::kBandRows % kSide == 0);

  BlockMeans(const ChannelView& alpha, int channels, Memory& memory, const Sample* pixels)
      : channels_(channels),
        columns_((alpha.width + kSide - 1) / kSide),
        rows_((alpha.height + kSide - 1) / kSide),
        sums_(memory, size_t{columns_} * rows_ * kSlots, 0) {
    for (uint32_t y = 0; y < alpha.height; ++y) {
      for (uint32_t x = 0; x < alpha.width; ++x) {
        if (SampleAt(alpha, x, y) == 0) continue;
        const Sample* pixel = pixels + (size_t{y} * alpha.width + x) * static_cast<size_t>(channels);
        uint64_t* sum = At(x / kSide, y / kSide);
        for (int c = 0; c < channels; ++c) sum[c] += pixel[c];
        ++sum[3];
      }
    }
    for (uint32_t step = 1; step < std::max(columns_, rows_); step *= 2) Spread(2 * step);
  }

  // `fallback`: where not one pixel is visible.
  Sample Mean(uint32_t column, uint32_t row, int channel, uint16_t fallback) {
    const uint64_t* sum = At(column, row);
    return static_cast<Sample>(sum[3] ? (sum[channel] + sum[3] / 2) / sum[3] : fallback);
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

AlphaEncoder::AlphaEncoder(uint32_t width, uint32_t height, int depth, bool premultiplied, Memory& memory,
                           std::pmr::vector<uint8_t>* payload)
    : width_(width),
      depth_(depth),
      rows_(memory, 2 * size_t{width}, 0),
      trial_(memory, width),
      filtered_(memory, RowBytes(width, depth == 16)) {
  payload->push_back(static_cast<uint8_t>((premultiplied ? kPremultiplied : 0) | (depth == 16 ? kDeep : 0)));
  frame_ = std::make_unique<FrameCompressor>(uint64_t{filtered_.size()} * height, kZstdLevel, true, memory, payload);
}

AlphaEncoder::~AlphaEncoder() = default;

void AlphaEncoder::Push(const uint8_t* samples, size_t step) {
  if (depth_ == 16) {
    PushSamples<uint16_t>(samples, step);
  } else {
    PushSamples<uint8_t>(samples, step);
  }
}

template <typename Sample>
void AlphaEncoder::PushSamples(const uint8_t* samples, size_t step) {
  auto* rows = reinterpret_cast<Sample*>(rows_.data());
  Sample* row = rows + (odd_ ? width_ : 0);
  const Sample* above = rows + (odd_ ? 0 : width_);
  for (size_t x = 0; x < width_; ++x) std::memcpy(&row[x], samples + x * step, sizeof(Sample));
  WriteBestRow(row, above, width_, reinterpret_cast<Sample*>(trial_.data()), filtered_.data());
  frame_->Write({filtered_.data(), filtered_.size()});
  odd_ = !odd_;
}

void AlphaEncoder::Finish() { frame_->Finish(); }

Status ReadAlphaFlags(std::span<const uint8_t> payload, int depth, AlphaFlags* flags) {
  if (payload.empty()) return Malformed(0, "empty");
  if (payload[0] > (kPremultiplied | kDeep)) return Malformed(0, "flags: a reserved bit is set");
  if ((payload[0] & kDeep) && depth != 16) return Malformed(0, "flags: 16 bits in a picture of 8 bits");
  *flags = {(payload[0] & kPremultiplied) != 0, (payload[0] & kDeep) != 0};
  return {};
}

AlphaDecoder::AlphaDecoder(uint32_t width, uint32_t height, int depth, Memory& memory)
    : width_(width), height_(height), depth_(depth), memory_(memory) {}

AlphaDecoder::~AlphaDecoder() = default;

Status AlphaDecoder::Begin(std::span<const uint8_t> payload) {
  NIC_RETURN_IF_ERROR(ReadAlphaFlags(payload, depth_, &flags_));
  const std::span<const uint8_t> frame = payload.subspan(1);
  const size_t row_bytes = RowBytes(width_, flags_.deep);
  uint64_t size = 0;
  if (!ReadFrameSize(frame, &size) || size != uint64_t{row_bytes} * height_) {
    return Malformed(1, "not one zstd frame of the picture's size");
  }
  frame_ = std::make_unique<FrameDecompressor>(frame, memory_);
  rows_ = Buffer<uint16_t>(memory_, 2 * size_t{width_}, 0);
  filtered_ = Buffer<uint8_t>(memory_, row_bytes);
  return {};
}

template <typename Sample>
const Sample* AlphaDecoder::Unfilter() {
  auto* rows = reinterpret_cast<Sample*>(rows_.data());
  Sample* row = rows + (rows_read_ % 2 ? width_ : 0);
  const Sample* above = rows + (rows_read_ % 2 ? 0 : width_);
  LoadRow(filtered_.data() + 1, width_, row);
  UnfilterRow(filtered_[0], above, width_, row);
  return row;
}

Status AlphaDecoder::Next(AlphaRow* alpha) {
  if (!frame_->Read({filtered_.data(), filtered_.size()})) return Malformed(1, "the zstd frame is damaged");
  if (filtered_[0] >= kFilters) return Malformed(1, "a row has an unknown filter");
  *alpha = flags_.deep ? AlphaRow{nullptr, Unfilter<uint16_t>()} : AlphaRow{Unfilter<uint8_t>(), nullptr};
  if (++rows_read_ == height_ && !frame_->AtEnd()) return Malformed(1, "the zstd frame is damaged");
  return {};
}

uint64_t AlphaDecoder::EstimateMemory(std::span<const uint8_t> payload, uint32_t width) {
  return payload.empty() ? 0 : EstimateDecompressor(payload.subspan(1)) + 7 * uint64_t{width};
}

Status AlphaDecoder::Finish() {
  AlphaRow alpha;
  while (rows_read_ < height_) NIC_RETURN_IF_ERROR(Next(&alpha));
  return {};
}

InvisibleFiller::InvisibleFiller(uint32_t width, int channels, int depth, Memory& memory)
    : channels_(channels),
      memory_(memory),
      above_(memory, (size_t{width} + kBlockSide - 1) / kBlockSide * static_cast<size_t>(channels),
             static_cast<uint16_t>(1 << (depth - 1))) {}

void InvisibleFiller::Fill(const ChannelView& alpha, uint8_t* pixels) {
  if (alpha.depth == 16) {
    FillSamples(alpha, reinterpret_cast<uint16_t*>(pixels));
  } else {
    FillSamples(alpha, pixels);
  }
}

template <typename Sample>
void InvisibleFiller::FillSamples(const ChannelView& alpha, Sample* pixels) {
  const auto channels = static_cast<size_t>(channels_);
  BlockMeans<Sample> means(alpha, channels_, memory_, pixels);
  for (uint32_t y = 0; y < alpha.height; ++y) {
    for (uint32_t x = 0; x < alpha.width; ++x) {
      if (SampleAt(alpha, x, y) != 0) continue;
      Sample* pixel = pixels + (size_t{y} * alpha.width + x) * channels;
      const uint16_t* above = &above_[x / kBlockSide * channels];
      for (size_t c = 0; c < channels; ++c) {
        pixel[c] = means.Mean(x / kBlockSide, y / kBlockSide, static_cast<int>(c), above[c]);
      }
    }
  }
  const uint32_t last_row = (alpha.height - 1) / kBlockSide;
  for (size_t i = 0; i < above_.size(); ++i) {
    above_[i] = means.Mean(static_cast<uint32_t>(i / channels), last_row, static_cast<int>(i % channels), above_[i]);
  }
}

}  // namespace nic
