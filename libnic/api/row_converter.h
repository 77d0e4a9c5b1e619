// Turns rows of synthesis output, and of alpha, into samples of the wanted format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "api/decoder.h"
#include "api/pixel_format.h"
#include "image/alpha.h"
#include "image/box_mean.h"

namespace nic {

class RowConverter {
 public:
  // For rows of `region` in the format that the decoder is set to. `alpha`: the payload of the file's alpha element,
  // borrowed; not looked at if there is none.
  RowConverter(const nic_decoder& decoder, const Rect& region, std::span<const uint8_t> alpha);

  // Goes to the region's first row.
  Status Begin();
  // Takes the next row.
  Status Convert(const int16_t* values, uint8_t* samples);
  // Reads what is left of alpha, so that damage in it is found whatever region was wanted.
  Status Finish() { return alpha_ ? alpha_->Finish().MovedBy(alpha_offset_) : Status(); }

 private:
  Status ReadAlpha() { return alpha_->Next(&alpha_row_).MovedBy(alpha_offset_); }
  Status NextAlpha();
  template <typename Sample>
  Status AverageAlpha(const Sample* AlphaRow::*samples, std::optional<BoxMean<Sample>>* mean);
  template <typename Sample>
  void ConvertSamples(const int16_t* values, Sample* samples);
  template <typename Sample>
  void ConvertColours(const int16_t* values, Sample* colours);
  template <typename Sample>
  void AddAlpha(const Sample* colours, Sample* samples) const;

  Rect region_;
  size_t width_;
  int output_bits_;
  int file_colours_;
  nic_pixel_format result_format_;
  uint64_t alpha_offset_ = 0;
  std::span<const uint8_t> payload_;
  std::unique_ptr<AlphaDecoder> alpha_;  // null where it is not wanted or, as opaque, not there
  AlphaRow alpha_row_;
  int scale_;
  int64_t alpha_rows_left_;                 // of the picture
  std::optional<BoxMean<uint8_t>> mean8_;   // of alpha, where the result is smaller than the picture
  std::optional<BoxMean<uint16_t>> mean16_;
  Buffer<uint16_t> coded_;  // a row of either depth
  Buffer<uint16_t> converted_;
};

}  // namespace nic
