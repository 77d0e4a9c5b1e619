#include "api/row_converter.h"

#include "image/pixels.h"

namespace nic {
namespace {

bool HasAlpha(int format) { return format % 2 == 0; }
int ColourChannels(int format) { return format - (HasAlpha(format) ? 1 : 0); }

}  // namespace

RowConverter::RowConverter(const nic_decoder& decoder, const Rect& region, std::span<const uint8_t> alpha)
    : region_(region),
      width_(static_cast<size_t>(region.width())),
      output_bits_(decoder.model->prepared->decoder().output_bits),
      file_colours_(decoder.file.header().channels()),
      result_format_(ResultFormat(decoder)),
      coded_(decoder.context.memory, width_ * 3),
      converted_(decoder.context.memory, width_ * 3) {
  if (!decoder.alpha_element || !HasAlpha(result_format_)) return;
  const FileHeader& header = decoder.file.header();
  alpha_offset_ = decoder.alpha_element->payload_offset;
  payload_ = alpha;
  alpha_ = std::make_unique<AlphaDecoder>(header.width, header.height, decoder.context.memory);
}

Status RowConverter::Begin() {
  if (!alpha_) return {};
  NIC_RETURN_IF_ERROR(alpha_->Begin(payload_).MovedBy(alpha_offset_));
  for (int64_t y = 0; y < region_.y0; ++y) NIC_RETURN_IF_ERROR(NextAlpha());
  return {};
}

Status RowConverter::Convert(const int16_t* values, uint8_t* samples) {
  const bool with_alpha = HasAlpha(result_format_);
  uint8_t* colours = with_alpha ? converted_.data() : samples;
  ConvertColours(values, colours);
  if (alpha_) NIC_RETURN_IF_ERROR(NextAlpha());
  if (with_alpha) AddAlpha(colours, samples);
  return {};
}

void RowConverter::ConvertColours(const int16_t* values, uint8_t* colours) {
  const bool direct = file_colours_ == ColourChannels(result_format_);
  uint8_t* coded = direct ? colours : coded_.data();
  (file_colours_ == 1 ? RoundToGrey : RoundToRgb)(values, width_, output_bits_, coded);
  if (!direct) (file_colours_ == 1 ? ConvertGreyToRgb : ConvertRgbToGrey)(coded, width_, colours);
}

void RowConverter::AddAlpha(const uint8_t* colours, uint8_t* samples) const {
  const int channels = ColourChannels(result_format_);
  const uint8_t* alpha = alpha_ ? alpha_row_ + region_.x0 : nullptr;
  for (size_t x = 0; x < width_; ++x) {
    for (int c = 0; c < channels; ++c) *samples++ = *colours++;
    *samples++ = alpha ? alpha[x] : 255;
  }
}

}  // namespace nic
