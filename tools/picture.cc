#include "tools/picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr uint64_t kDefaultMaxPixels = uint64_t{1} << 28;
constexpr uint32_t kDefaultMaxSide = 65535;

Outcome CheckSides(uint64_t columns, uint64_t rows, const nic_limits& limits) {
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
  return {};
}

}  // namespace

Outcome Picture::Allocate(uint64_t columns, uint64_t rows, nic_pixel_format channels, const nic_limits& limits) {
  NIC_TOOLS_RETURN_IF_FAILED(CheckSides(columns, rows, limits));
  width = static_cast<uint32_t>(columns);
  height = static_cast<uint32_t>(rows);
  format = channels;
  const size_t size = stride() * (in_strips ? std::min(height, kStripRows) : height);
  try {
    pixels.assign(size, 0);
  } catch (const std::bad_alloc&) {
    return Outcome::Failure(kExitFailure, "out of memory", Grouped(size) + " bytes for the pixels");
  }
  return {};
}

Outcome Picture::AllocateRows(uint64_t columns, uint64_t rows, nic_pixel_format channels, const nic_limits& limits) {
  in_strips = sink != nullptr;
  NIC_TOOLS_RETURN_IF_FAILED(Allocate(columns, rows, channels, limits));
  return sink ? sink->Begin(*this) : Outcome();
}

Outcome Picture::FinishRow(uint32_t y) {
  const uint32_t filled = y % kStripRows + 1;
  if (!in_strips || (filled < kStripRows && y + 1 < height)) return {};
  return sink->Take(pixels.data(), stride(), filled);
}

size_t PixelSize(nic_pixel_format format) { return nic_format_bytes(format); }

bool HasAlpha(nic_pixel_format format) { return nic_format_channels(format) % 2 == 0; }

nic_pixel_format WithoutAlpha(nic_pixel_format format) {
  return HasAlpha(format) ? static_cast<nic_pixel_format>(format - 1) : format;
}

uint32_t MaxSample(nic_pixel_format format) { return nic_format_depth(format) == 16 ? 65535 : 255; }

const char* NameOf(nic_pixel_format format) {
  switch (nic_format_channels(format)) {
    case 1:
      return "grey";
    case 2:
      return "grey with alpha";
    case 3:
      return "RGB";
    default:
      return "RGB with alpha";
  }
}

uint32_t Picture::sample(size_t i) const {
  if (nic_format_depth(format) == 8) return pixels[i];
  uint16_t wide = 0;
  std::memcpy(&wide, &pixels[2 * i], sizeof wide);
  return wide;
}

void Picture::DropAlpha() {
  if (!HasAlpha(format)) return;
  const size_t bytes = nic_format_bytes(format);
  const size_t colours = nic_format_bytes(WithoutAlpha(format));
  size_t kept = 0;
  for (size_t at = 0; at < pixels.size(); at += bytes, kept += colours)
    std::memmove(&pixels[kept], &pixels[at], colours);
  pixels.resize(kept);
  format = WithoutAlpha(format);
}

void Picture::MakeShallow() {
  if (nic_format_depth(format) == 8) return;
  for (size_t i = 0; i < pixels.size() / 2; ++i) pixels[i] = static_cast<uint8_t>((sample(i) + 128) / 257);
  pixels.resize(pixels.size() / 2);
  format = static_cast<nic_pixel_format>(format & 15);
}

void Picture::MakeGrey() {
  DropAlpha();
  if (nic_format_channels(format) == 1) return;
  const size_t bytes = nic_format_depth(format) / 8;
  const size_t count = size_t{width} * height;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t grey = (77 * sample(3 * i) + 150 * sample(3 * i + 1) + 29 * sample(3 * i + 2) + 128) >> 8;
    const auto wide = static_cast<uint16_t>(grey);
    const auto narrow = static_cast<uint8_t>(grey);
    std::memcpy(&pixels[i * bytes], bytes == 2 ? static_cast<const void*>(&wide) : &narrow, bytes);
  }
  pixels.resize(count * bytes);
  format = static_cast<nic_pixel_format>(format - 2);
}

double Psnr(const Picture& a, const Picture& b) {
  const size_t samples = a.pixels.size() * 8 / nic_format_depth(a.format);
  uint64_t squares = 0;
  for (size_t i = 0; i < samples; ++i) {
    const int64_t difference = int64_t{a.sample(i)} - b.sample(i);
    squares += static_cast<uint64_t>(difference * difference);
  }
  if (squares == 0) return std::numeric_limits<double>::infinity();
  const double peak = MaxSample(a.format);
  return 10 * std::log10(peak * peak * static_cast<double>(samples) / static_cast<double>(squares));
}

}  // namespace nic::tools
