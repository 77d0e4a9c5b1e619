#include "tools/picture.h"

#include <cmath>
#include <limits>
#include <new>

#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr uint64_t kDefaultMaxPixels = uint64_t{1} << 28;
constexpr uint32_t kDefaultMaxSide = 65535;

}  // namespace

Outcome Picture::Allocate(uint64_t columns, uint64_t rows, nic_pixel_format channels, const nic_limits& limits) {
  const uint64_t max_side = limits.max_side ? limits.max_side : kDefaultMaxSide;
  const uint64_t max_pixels = limits.max_pixels ? limits.max_pixels : kDefaultMaxPixels;
  const std::string size = std::to_string(columns) + " x " + std::to_string(rows);
  if (columns == 0 || rows == 0) return Outcome::Failure(kExitMalformed, "malformed picture", size + " pixels");
  if (columns > max_side || rows > max_side) {
    return Outcome::Failure(kExitLimit, "side too long", size + ", the limit is " + std::to_string(max_side));
  }
  if (columns * rows > max_pixels) {
    return Outcome::Failure(kExitLimit, "too many pixels",
                            size + ", the limit is " + Grouped(max_pixels) + "; raise it with --max-pixels");
  }
  width = static_cast<uint32_t>(columns);
  height = static_cast<uint32_t>(rows);
  format = channels;
  try {
    pixels.assign(stride() * height, 0);
  } catch (const std::bad_alloc&) {
    return Outcome::Failure(kExitFailure, "out of memory", Grouped(stride() * height) + " bytes for the pixels");
  }
  return {};
}

size_t PixelSize(nic_pixel_format format) { return static_cast<size_t>(format); }

bool HasAlpha(nic_pixel_format format) { return format == NIC_GREY_ALPHA8 || format == NIC_RGBA8; }

nic_pixel_format WithoutAlpha(nic_pixel_format format) {
  return HasAlpha(format) ? static_cast<nic_pixel_format>(format - 1) : format;
}

const char* NameOf(nic_pixel_format format) {
  switch (format) {
    case NIC_GREY8:
      return "grey";
    case NIC_GREY_ALPHA8:
      return "grey with alpha";
    case NIC_RGB8:
      return "RGB";
    case NIC_RGBA8:
      return "RGB with alpha";
  }
  return "";
}

void Picture::DropAlpha() {
  if (!HasAlpha(format)) return;
  const size_t channels = static_cast<size_t>(format);
  size_t kept = 0;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (i % channels != channels - 1) pixels[kept++] = pixels[i];
  }
  pixels.resize(kept);
  format = WithoutAlpha(format);
}

void Picture::MakeGrey() {
  DropAlpha();
  if (format == NIC_GREY8) return;
  for (size_t i = 0; i < pixels.size() / 3; ++i) {
    const uint8_t* rgb = &pixels[3 * i];
    pixels[i] = static_cast<uint8_t>((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
  }
  pixels.resize(pixels.size() / 3);
  format = NIC_GREY8;
}

double Psnr(const Picture& a, const Picture& b) {
  uint64_t squares = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const int difference = a.pixels[i] - b.pixels[i];
    squares += static_cast<uint64_t>(difference * difference);
  }
  if (squares == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / static_cast<double>(squares));
}

}  // namespace nic::tools
