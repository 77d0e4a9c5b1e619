#include "api/row_converter.h"

#include <algorithm>

#include "image/pixels.h"

namespace nic {
namespace {

// An alpha sample in the depth that is wanted.
void Assign(uint8_t from, uint8_t* to) { *to = from; }
void Assign(uint8_t from, uint16_t* to) { *to = WidenSample(from); }
void Assign(uint16_t from, uint8_t* to) { *to = NarrowSample(from); }
void Assign(uint16_t from, uint16_t* to) { *to = from; }

// Colours and alpha side by side.
template <typename Sample, typename AlphaSample>
void Interleave(const Sample* colours, size_t channels, const AlphaSample* alpha, size_t width, Sample* samples) {
  for (size_t x = 0; x < width; ++x) {
    for (size_t c = 0; c < channels; ++c) *samples++ = *colours++;
    Assign(alpha[x], samples++);
  }
}

}  // namespace

RowConverter::RowConverter(const nic_decoder& decoder, const Rect& region, std::span<const uint8_t> alpha)
    : region_(region),
      width_(static_cast<size_t>(region.width())),
      output_bits_(decoder.model->prepared->decoder().output_bits),
      file_colours_(decoder.file.header().channels()),
      result_format_(ResultFormat(decoder)),
      scale_(decoder.scale),
      alpha_rows_left_(decoder.file.header().height),
      coded_(decoder.context.memory, width_ * 3),
      converted_(decoder.context.memory, width_ * 3) {
  if (!decoder.alpha_element || !HasAlpha(result_format_)) return;
  const FileHeader& header = decoder.file.header();
  alpha_offset_ = decoder.alpha_element->payload_offset;
  payload_ = alpha;
  if (scale_ > 1) {
    mean8_.emplace(header.width, 1, scale_, 0, UINT8_MAX, decoder.context.memory);
    mean16_.emplace(header.width, 1, scale_, 0, UINT16_MAX, decoder.context.memory);
  }
  alpha_ = std::make_unique<AlphaDecoder>(header.width, header.height, header.bit_depth(), decoder.context.memory);
}

Status RowConverter::Begin() {
  if (!alpha_) return {};
  NIC_RETURN_IF_ERROR(alpha_->Begin(payload_).MovedBy(alpha_offset_));
  for (int64_t y = 0; y < region_.y0; ++y) NIC_RETURN_IF_ERROR(ReadAlpha());
  return {};
}

// Of the picture's next rows, as many as a row of the result stands for, the first of which is read.
template <typename Sample>
Status RowConverter::AverageAlpha(const Sample* AlphaRow::*samples, std::optional<BoxMean<Sample>>* mean) {
  const int64_t rows = std::min<int64_t>(scale_, alpha_rows_left_);
  (*mean)->Add(alpha_row_.*samples);
  for (int64_t i = 1; i < rows; ++i) {
    NIC_RETURN_IF_ERROR(ReadAlpha());
    (*mean)->Add(alpha_row_.*samples);
  }
  alpha_rows_left_ -= rows;
  alpha_row_.*samples = (*mean)->Take();
  return {};
}

Status RowConverter::NextAlpha() {
  NIC_RETURN_IF_ERROR(ReadAlpha());
  if (scale_ == 1) return {};
  return alpha_row_.samples16 ? AverageAlpha(&AlphaRow::samples16, &mean16_)
                              : AverageAlpha(&AlphaRow::samples, &mean8_);
}

Status RowConverter::Convert(const int16_t* values, uint8_t* samples) {
  if (alpha_) NIC_RETURN_IF_ERROR(NextAlpha());
  if (nic_format_depth(result_format_) == 16) {
    ConvertSamples(values, reinterpret_cast<uint16_t*>(samples));
  } else {
    ConvertSamples(values, samples);
  }
  return {};
}

template <typename Sample>
void RowConverter::ConvertSamples(const int16_t* values, Sample* samples) {
  if (!HasAlpha(result_format_)) return ConvertColours(values, samples);
  auto* colours = reinterpret_cast<Sample*>(converted_.data());
  ConvertColours(values, colours);
  AddAlpha(colours, samples);
}

template <typename Sample>
void RowConverter::ConvertColours(const int16_t* values, Sample* colours) {
  const bool direct = file_colours_ == ColourChannels(result_format_);
  Sample* coded = direct ? colours : reinterpret_cast<Sample*>(coded_.data());
  if (file_colours_ == 1) {
    RoundToGrey(values, width_, output_bits_, coded);
    if (!direct) ConvertGreyToRgb(coded, width_, colours);
  } else {
    RoundToRgb(values, width_, output_bits_, coded);
    if (!direct) ConvertRgbToGrey(coded, width_, colours);
  }
}

template <typename Sample>
void RowConverter::AddAlpha(const Sample* colours, Sample* samples) const {
  const auto channels = static_cast<size_t>(ColourChannels(result_format_));
  const auto first = static_cast<size_t>(region_.x0);
  if (alpha_row_.samples16) {
    Interleave(colours, channels, alpha_row_.samples16 + first, width_, samples);
  } else if (alpha_row_.samples) {
    Interleave(colours, channels, alpha_row_.samples + first, width_, samples);
  } else {
    for (size_t x = 0; x < width_; ++x) {
      for (size_t c = 0; c < channels; ++c) *samples++ = *colours++;
      *samples++ = static_cast<Sample>(-1);
    }
  }
}

}  // namespace nic
