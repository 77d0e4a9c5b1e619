#include "tools/fitting_writer.h"

#include <algorithm>
#include <cstring>

namespace nic::tools {
namespace {

// Where the pixels begin that number `index` of `count` stands for, of `whole`.
uint32_t BeginOf(uint32_t index, uint32_t count, uint32_t whole) {
  return static_cast<uint32_t>(uint64_t{index} * whole / count);
}

uint64_t Mean(uint64_t sum, uint64_t weight) { return weight ? (sum + weight / 2) / weight : 0; }

uint64_t Load(const uint8_t* samples, size_t i, size_t sample_bytes) {
  if (sample_bytes == 1) return samples[i];
  uint16_t sample = 0;
  std::memcpy(&sample, samples + 2 * i, sizeof sample);
  return sample;
}

void Store(uint64_t value, uint8_t* samples, size_t i, size_t sample_bytes) {
  const auto wide = static_cast<uint16_t>(value);
  const auto narrow = static_cast<uint8_t>(value);
  std::memcpy(samples + i * sample_bytes, sample_bytes == 1 ? static_cast<const void*>(&narrow) : &wide, sample_bytes);
}

}  // namespace

uint32_t FittingWriter::Fitted(uint32_t side, uint32_t longer, uint32_t max_side) {
  if (longer <= max_side) return side;
  return std::max<uint32_t>(1, static_cast<uint32_t>((uint64_t{side} * max_side + longer / 2) / longer));
}

Outcome FittingWriter::Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) {
  width_ = width;
  height_ = height;
  const uint32_t longer = std::max(width, height);
  fitted_width_ = Fitted(width, longer, max_side_);
  fitted_height_ = Fitted(height, longer, max_side_);
  channels_ = nic_format_channels(format);
  sample_bytes_ = nic_format_depth(format) / 8;
  alpha_ = HasAlpha(format);
  sums_.assign(fitted_width_ * channels_, 0);
  weights_.assign(fitted_width_, 0);
  counts_.assign(fitted_width_, 0);
  mean_.resize(fitted_width_ * channels_ * sample_bytes_);
  const Outcome outcome = writer_->Begin(fitted_width_, fitted_height_, format, metadata);
  notes_ = writer_->notes();
  return outcome;
}

void FittingWriter::Gather(const uint8_t* row) {
  for (uint32_t x = 0; x < fitted_width_; ++x) {
    uint64_t* sums = &sums_[x * channels_];
    const uint32_t end = BeginOf(x + 1, fitted_width_, width_);
    for (uint32_t from = BeginOf(x, fitted_width_, width_); from < end; ++from) {
      const size_t pixel = from * channels_;
      const uint64_t weight = alpha_ ? Load(row, pixel + channels_ - 1, sample_bytes_) : 1;
      for (size_t c = 0; c < channels_ - alpha_; ++c) sums[c] += weight * Load(row, pixel + c, sample_bytes_);
      if (alpha_) sums[channels_ - 1] += weight;
      weights_[x] += weight;
      ++counts_[x];
    }
  }
}

void FittingWriter::Average() {
  for (uint32_t x = 0; x < fitted_width_; ++x) {
    const size_t at = x * channels_;
    for (size_t c = 0; c < channels_ - alpha_; ++c) {
      Store(Mean(sums_[at + c], weights_[x]), mean_.data(), at + c, sample_bytes_);
    }
    if (!alpha_) continue;
    const size_t last = at + channels_ - 1;
    Store(Mean(sums_[last], counts_[x]), mean_.data(), last, sample_bytes_);
  }
  std::fill(sums_.begin(), sums_.end(), 0);
  std::fill(weights_.begin(), weights_.end(), 0);
  std::fill(counts_.begin(), counts_.end(), 0);
}

Outcome FittingWriter::Write(const uint8_t* pixels, uint32_t rows, size_t stride) {
  if (fitted_width_ == width_ && fitted_height_ == height_) return writer_->Write(pixels, rows, stride);
  for (uint32_t y = 0; y < rows; ++y) {
    Gather(pixels + y * stride);
    if (++row_ < BeginOf(fitted_row_ + 1, fitted_height_, height_)) continue;
    Average();
    ++fitted_row_;
    NIC_TOOLS_RETURN_IF_FAILED(writer_->Write(mean_.data(), 1, mean_.size()));
  }
  return {};
}

}  // namespace nic::tools
