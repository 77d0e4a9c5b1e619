// Parts rows into colours and alpha.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "image/alpha.h"
#include "image/pixels.h"

namespace nic {

// Takes rows with alpha apart: alpha goes into its element, colours on to `take`, invisible ones filled.
class AlphaSplitter {
 public:
  static_assert(AlphaEncoder::kBandRows == InvisibleFiller::kBandRows);

  AlphaSplitter(const PixelView& shape, bool premultiplied, bool thorough, Parallel& parallel, Memory& memory,
                std::pmr::vector<uint8_t>* payload)
      : shape_(shape),
        sample_bytes_(static_cast<size_t>(shape.depth / 8)),
        colour_bytes_(static_cast<size_t>(shape.channels) * sample_bytes_),
        encoder_(shape.width, shape.height, shape.depth, premultiplied, thorough, parallel, memory, payload),
        filler_(shape.width, shape.channels, shape.depth, memory),
        alpha_(memory, size_t{shape.width} * InvisibleFiller::kBandRows * sample_bytes_),
        colours_(memory, alpha_.size() * static_cast<size_t>(shape.channels)) {}

  template <typename Take>
  Status Push(const uint8_t* pixels, size_t stride, uint32_t rows, Take&& take) {
    for (uint32_t i = 0; i < rows; ++i, pixels += stride) {
      TakeRow(pixels);
      if (band_rows_ < InvisibleFiller::kBandRows && rows_ < shape_.height) continue;
      const ChannelView alpha = {shape_.width,  band_rows_,  sample_bytes_, shape_.width * sample_bytes_,
                                 alpha_.data(), shape_.depth};
      encoder_.Push(alpha);
      filler_.Fill(alpha, colours_.data());
      PixelView band = shape_;
      band.height = band_rows_;
      band.stride = shape_.width * colour_bytes_;
      band.pixels = colours_.data();
      band_rows_ = 0;
      NIC_RETURN_IF_ERROR(take(band));
    }
    if (rows_ == shape_.height) encoder_.Finish();
    return {};
  }

 private:
  void TakeRow(const uint8_t* pixels) {
    const size_t pixel_bytes = colour_bytes_ + sample_bytes_;
    uint8_t* alpha = alpha_.data() + size_t{band_rows_} * shape_.width * sample_bytes_;
    uint8_t* colours = colours_.data() + size_t{band_rows_} * shape_.width * colour_bytes_;
    for (uint32_t x = 0; x < shape_.width; ++x, pixels += pixel_bytes) {
      colours = std::copy_n(pixels, colour_bytes_, colours);
      alpha = std::copy_n(pixels + colour_bytes_, sample_bytes_, alpha);
    }
    ++rows_;
    ++band_rows_;
  }

  const PixelView shape_;
  const size_t sample_bytes_;
  const size_t colour_bytes_;  // of a pixel
  AlphaEncoder encoder_;
  InvisibleFiller filler_;
  Buffer<uint8_t> alpha_;  // of the present band, like colours_
  Buffer<uint8_t> colours_;
  uint32_t rows_ = 0;
  uint32_t band_rows_ = 0;
};

}  // namespace nic
