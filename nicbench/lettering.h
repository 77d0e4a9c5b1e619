// Text in pictures: ASCII in a font of 5 x 7 pixels.
#pragma once

#include <cstdint>
#include <string>

#include "tools/picture.h"

namespace nic::bench {

constexpr uint32_t kLetterWidth = 6;   // with the gap to the next letter
constexpr uint32_t kLetterHeight = 8;  // with the gap to the next line

// Draws `text` with its upper left corner at (x, y), each of the font's pixels as a square of `scale`, in a grey of
// 0..255. What lies outside the picture is cut off; characters outside ASCII show as '?'.
void DrawText(tools::Picture* picture, uint32_t x, uint32_t y, const std::string& text, uint32_t scale, uint8_t grey);

}  // namespace nic::bench
