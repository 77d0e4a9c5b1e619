// Pixels of 8 or 16 bits in memory, and their passage to and from the integers of the networks (format-spec/codec.md,
// "Pixels").
#pragma once

#include <cstddef>
#include <cstdint>

namespace nic {

// Interleaved samples of one byte, or of two in the machine's order; channels is 1 (grey) or 3 (RGB). Borrowed.
struct PixelView {
  uint32_t width = 0;
  uint32_t height = 0;
  int channels = 0;
  size_t stride = 0;
  const uint8_t* pixels = nullptr;
  int depth = 8;  // 8 or 16; then pixels and stride are even
  const uint8_t* row(uint32_t y) const { return pixels + y * stride; }
  const uint16_t* row16(uint32_t y) const { return reinterpret_cast<const uint16_t*>(row(y)); }
};

// Analysis input for columns [x0, x1) of row y, three values a column, each 2 * sample - 255 in levels of 8 bits,
// rounded for samples of 16 bits, which thus keep 9 bits; grey is repeated. Columns and rows outside the picture take
// the nearest sample inside.
void CenterPixels(const PixelView& picture, int64_t y, int64_t x0, int64_t x1, int16_t* centered);

// Samples from synthesis output, three values of `output_bits` fractional bits a column:
// clamp((v + (128 << output_bits)) >> output_bits, 0, 255).
void RoundToRgb(const int16_t* values, size_t columns, int output_bits, uint8_t* rgb);

// The same for a grey picture: v = (77 r + 150 g + 29 b + 128) >> 8 of the three values.
void RoundToGrey(const int16_t* values, size_t columns, int output_bits, uint8_t* grey);

// The same in samples of 16 bits: clamp((257 * v + (32768 << b)) >> b, 0, 65535) with b = output_bits; for grey with
// v = (77 r + 150 g + 29 b + 8) >> 4 of the three values and b = output_bits + 4.
void RoundToRgb(const int16_t* values, size_t columns, int output_bits, uint16_t* rgb);
void RoundToGrey(const int16_t* values, size_t columns, int output_bits, uint16_t* grey);

// Conversions of decoded samples: to grey by (77 R + 150 G + 29 B + 128) >> 8, to RGB by repetition.
void ConvertRgbToGrey(const uint8_t* rgb, size_t columns, uint8_t* grey);
void ConvertRgbToGrey(const uint16_t* rgb, size_t columns, uint16_t* grey);
void ConvertGreyToRgb(const uint8_t* grey, size_t columns, uint8_t* rgb);
void ConvertGreyToRgb(const uint16_t* grey, size_t columns, uint16_t* rgb);

// A sample of 16 bits in 8: the nearest.
inline uint8_t NarrowSample(uint16_t sample) { return static_cast<uint8_t>((sample * 255u + 32895u) >> 16); }
// A sample of 8 bits in 16.
inline uint16_t WidenSample(uint8_t sample) { return static_cast<uint16_t>(sample * 257u); }

}  // namespace nic
