// Pictures side by side with captions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/outcome.h"
#include "tools/picture.h"

namespace nic::bench {

struct Tile {
  tools::Picture picture;
  std::vector<std::string> caption;  // lines
};

// A part of a picture.
struct Crop {
  uint32_t x = 0;
  uint32_t y = 0;
  uint32_t width = 0;
  uint32_t height = 0;
};

// Reads "WxH+X+Y"; empty text means the whole. Fails if that is not a part of a picture of that size.
tools::Outcome ParseCrop(const std::string& text, uint32_t width, uint32_t height, Crop* crop);

// The part of a picture, every pixel enlarged to a square of `zoom`, in colour. Fails if that is too large.
tools::Outcome Enlarge(const tools::Picture& picture, const Crop& crop, uint32_t zoom, tools::Picture* enlarged);

// Lays out tiles of one size in rows of `columns`, each under its caption.
tools::Outcome MakeStrip(const std::vector<Tile>& tiles, uint32_t columns, tools::Picture* strip);

}  // namespace nic::bench
