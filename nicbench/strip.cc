#include "nicbench/strip.h"

#include <algorithm>
#include <cstdio>

#include "nicbench/lettering.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Picture;

constexpr uint32_t kGap = 8;
constexpr uint32_t kMaxScale = 2;
constexpr uint8_t kPaper = 255;
constexpr uint8_t kInk = 0;

// The largest size of letters with which all captions fit above their tiles.
uint32_t FindScale(const std::vector<Tile>& tiles) {
  size_t longest = 1;
  for (const Tile& tile : tiles) {
    for (const std::string& line : tile.caption) longest = std::max(longest, line.size());
  }
  const size_t fits = tiles.front().picture.width / (longest * kLetterWidth);
  return static_cast<uint32_t>(std::clamp<size_t>(fits, 1, kMaxScale));
}

void Paste(const Picture& from, uint32_t x, uint32_t y, Picture* to) {
  for (uint32_t row = 0; row < from.height; ++row) {
    const uint8_t* source = from.pixels.data() + row * from.stride();
    std::copy_n(source, from.stride(), to->row(y + row) + size_t{x} * 3);
  }
}

}  // namespace

Outcome ParseCrop(const std::string& text, uint32_t width, uint32_t height, Crop* crop) {
  *crop = {0, 0, width, height};
  if (text.empty()) return {};
  int end = 0;
  const int got = std::sscanf(text.c_str(), "%9ux%9u+%9u+%9u%n", &crop->width, &crop->height, &crop->x, &crop->y, &end);
  if (got != 4 || static_cast<size_t>(end) != text.size()) {
    return Outcome::Failure(tools::kExitUsage, "\"" + text + "\" is no part", "one is written as 256x128+40+60");
  }
  if (crop->width == 0 || crop->height == 0 || crop->x + crop->width > width || crop->y + crop->height > height) {
    return Outcome::Failure(tools::kExitUsage, text + " is no part of the picture",
                            std::to_string(width) + " x " + std::to_string(height));
  }
  return {};
}

Outcome Enlarge(const Picture& picture, const Crop& crop, uint32_t zoom, Picture* enlarged) {
  const uint64_t width = uint64_t{crop.width} * zoom;
  NIC_TOOLS_RETURN_IF_FAILED(enlarged->Allocate(width, uint64_t{crop.height} * zoom, NIC_RGB8, nic_limits{}));
  const auto channels = static_cast<size_t>(picture.format);
  for (uint32_t y = 0; y < enlarged->height; ++y) {
    const uint8_t* from = picture.pixels.data() + (crop.y + y / zoom) * picture.stride();
    uint8_t* to = enlarged->row(y);
    for (uint32_t x = 0; x < enlarged->width; ++x) {
      const uint8_t* pixel = from + (crop.x + x / zoom) * channels;
      for (size_t c = 0; c < 3; ++c) to[x * 3 + c] = pixel[channels == 3 ? c : 0];
    }
  }
  return {};
}

Outcome MakeStrip(const std::vector<Tile>& tiles, uint32_t columns, Picture* strip) {
  const uint32_t scale = FindScale(tiles);
  const uint32_t line_height = (kLetterHeight + 2) * scale;
  size_t lines = 0;
  for (const Tile& tile : tiles) lines = std::max(lines, tile.caption.size());
  const auto count = static_cast<uint32_t>(tiles.size());
  columns = columns == 0 ? count : std::min(columns, count);
  const uint32_t caption_height = static_cast<uint32_t>(lines) * line_height;
  const uint32_t cell_width = tiles.front().picture.width + kGap;
  const uint32_t cell_height = tiles.front().picture.height + caption_height + kGap;
  const uint32_t rows = (count + columns - 1) / columns;
  const uint64_t width = uint64_t{cell_width} * columns + kGap;
  NIC_TOOLS_RETURN_IF_FAILED(strip->Allocate(width, uint64_t{cell_height} * rows + kGap, NIC_RGB8, nic_limits{}));
  std::fill(strip->pixels.begin(), strip->pixels.end(), kPaper);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t x = kGap + i % columns * cell_width;
    const uint32_t y = kGap + i / columns * cell_height;
    for (size_t line = 0; line < tiles[i].caption.size(); ++line) {
      DrawText(strip, x, y + static_cast<uint32_t>(line) * line_height, tiles[i].caption[line], scale, kInk);
    }
    Paste(tiles[i].picture, x, y + caption_height, strip);
  }
  return {};
}

}  // namespace nic::bench
