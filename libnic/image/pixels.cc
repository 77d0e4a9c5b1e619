#include "image/pixels.h"

#include <algorithm>

namespace nic {
namespace {

constexpr int kRed = 77;
constexpr int kGreen = 150;
constexpr int kBlue = 29;

int Weigh(int r, int g, int b) { return (kRed * r + kGreen * g + kBlue * b + 128) >> 8; }

// With four bits more than Weigh.
int WeighFinely(int r, int g, int b) { return (kRed * r + kGreen * g + kBlue * b + 8) >> 4; }

uint8_t RoundSample(int value, int bits) {
  return static_cast<uint8_t>(std::clamp((value + (128 << bits)) >> bits, 0, 255));
}

uint16_t RoundSample16(int value, int bits) {
  return static_cast<uint16_t>(std::clamp((257 * value + (32768 << bits)) >> bits, 0, 65535));
}

int16_t Center(uint8_t sample) { return static_cast<int16_t>(2 * sample - 255); }
int16_t Center(uint16_t sample) { return static_cast<int16_t>((2 * sample + 128) / 257 - 255); }

template <typename Sample>
void CenterRow(const Sample* row, const PixelView& picture, int64_t x0, int64_t x1, int16_t* centered) {
  const int green = picture.channels == 3 ? 1 : 0;
  const int blue = picture.channels == 3 ? 2 : 0;
  for (int64_t x = x0; x < x1; ++x, centered += 3) {
    const int64_t inside = std::clamp<int64_t>(x, 0, int64_t{picture.width} - 1);
    const Sample* pixel = row + inside * picture.channels;
    centered[0] = Center(pixel[0]);
    centered[1] = Center(pixel[green]);
    centered[2] = Center(pixel[blue]);
  }
}

template <typename Sample>
void WeighRow(const Sample* rgb, size_t columns, Sample* grey) {
  for (size_t x = 0; x < columns; ++x, rgb += 3) grey[x] = static_cast<Sample>(Weigh(rgb[0], rgb[1], rgb[2]));
}

template <typename Sample>
void RepeatRow(const Sample* grey, size_t columns, Sample* rgb) {
  for (size_t x = 0; x < columns; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = grey[x];
}

}  // namespace

void CenterPixels(const PixelView& picture, int64_t y, int64_t x0, int64_t x1, int16_t* centered) {
  const auto row = static_cast<uint32_t>(std::clamp<int64_t>(y, 0, int64_t{picture.height} - 1));
  if (picture.depth == 16) {
    CenterRow(picture.row16(row), picture, x0, x1, centered);
  } else {
    CenterRow(picture.row(row), picture, x0, x1, centered);
  }
}

void RoundToRgb(const int16_t* values, size_t columns, int output_bits, uint8_t* rgb) {
  for (size_t i = 0; i < 3 * columns; ++i) rgb[i] = RoundSample(values[i], output_bits);
}

void RoundToGrey(const int16_t* values, size_t columns, int output_bits, uint8_t* grey) {
  for (size_t x = 0; x < columns; ++x, values += 3) {
    grey[x] = RoundSample(Weigh(values[0], values[1], values[2]), output_bits);
  }
}

void RoundToRgb(const int16_t* values, size_t columns, int output_bits, uint16_t* rgb) {
  for (size_t i = 0; i < 3 * columns; ++i) rgb[i] = RoundSample16(values[i], output_bits);
}

void RoundToGrey(const int16_t* values, size_t columns, int output_bits, uint16_t* grey) {
  for (size_t x = 0; x < columns; ++x, values += 3) {
    grey[x] = RoundSample16(WeighFinely(values[0], values[1], values[2]), output_bits + 4);
  }
}

void ConvertRgbToGrey(const uint8_t* rgb, size_t columns, uint8_t* grey) { WeighRow(rgb, columns, grey); }
void ConvertRgbToGrey(const uint16_t* rgb, size_t columns, uint16_t* grey) { WeighRow(rgb, columns, grey); }
void ConvertGreyToRgb(const uint8_t* grey, size_t columns, uint8_t* rgb) { RepeatRow(grey, columns, rgb); }
void ConvertGreyToRgb(const uint16_t* grey, size_t columns, uint16_t* rgb) { RepeatRow(grey, columns, rgb); }

}  // namespace nic
