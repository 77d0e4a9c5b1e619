// Pictures read from JPEG, PNG and PNM files as 8-bit RGB.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "image/pixels.h"
#include "tools/outcome.h"

namespace nic {

// Rows from the top, three interleaved samples a pixel.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> samples;
};

// As the codec takes it; points into `picture`.
PixelView View(const Picture& picture);

// Recognised by content; grey and palette pictures become RGB, 16 bits become 8, alpha is dropped. NIC_MALFORMED for a
// file that is no picture or a damaged one, NIC_TRUNCATED for one that ends early, NIC_UNSUPPORTED_FEATURE for CMYK,
// NIC_LIMIT_PIXELS beyond 2^28 pixels.
Status ReadPicture(const std::string& path, Picture* picture);

Status WritePng(const std::string& path, const Picture& picture);

// What the programs' shared code reports, as a status that names the path.
Status FromOutcome(const tools::Outcome& outcome, const std::string& path);

}  // namespace nic
