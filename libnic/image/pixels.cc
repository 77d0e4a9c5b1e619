#include "image/pixels.h"

#include <algorithm>

namespace nic {
namespace {

constexpr int kRed = 77;
constexpr int kGreen = 150;
constexpr int kBlue = 29;

int Weigh(int r, int g, int b) { return (kRed * r + kGreen * g + kBlue * b + 128) >> 8; }

uint8_t RoundSample(int value, int output_bits) {
  return static_cast<uint8_t>(std::clamp((value + (128 << output_bits)) >> output_bits, 0, 255));
}

}  // namespace

void CenterPixels(const PixelView& picture, int64_t y, int64_t x0, int64_t x1, int16_t* centered) {
  const uint8_t* row = picture.row(static_cast<uint32_t>(std::clamp<int64_t>(y, 0, int64_t{picture.height} - 1)));
  const int green = picture.channels == 3 ? 1 : 0;
  const int blue = picture.channels == 3 ? 2 : 0;
  for (int64_t x = x0; x < x1; ++x, centered += 3) {
    const int64_t inside = std::clamp<int64_t>(x, 0, int64_t{picture.width} - 1);
    const uint8_t* pixel = row + inside * picture.channels;
    centered[0] = static_cast<int16_t>(2 * pixel[0] - 255);
    centered[1] = static_cast<int16_t>(2 * pixel[green] - 255);
    centered[2] = static_cast<int16_t>(2 * pixel[blue] - 255);
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

void ConvertRgbToGrey(const uint8_t* rgb, size_t columns, uint8_t* grey) {
  for (size_t x = 0; x < columns; ++x, rgb += 3) grey[x] = static_cast<uint8_t>(Weigh(rgb[0], rgb[1], rgb[2]));
}

void ConvertGreyToRgb(const uint8_t* grey, size_t columns, uint8_t* rgb) {
  for (size_t x = 0; x < columns; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = grey[x];
}

}  // namespace nic
