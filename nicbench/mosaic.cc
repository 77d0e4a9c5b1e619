#include "nicbench/mosaic.h"

#include <algorithm>
#include <vector>

#include "nicbench/picture_file.h"
#include "nicbench/strip.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Picture;

// The part of `tile` that fits goes to x, y. Both are in colour.
void Paste(const Picture& tile, uint32_t width, uint32_t height, uint32_t x, uint32_t y, Picture* to) {
  const uint32_t columns = std::min(width, to->width - x);
  const uint32_t rows = std::min(height, to->height - y);
  for (uint32_t row = 0; row < rows; ++row) {
    std::copy_n(tile.pixels.data() + row * tile.stride(), size_t{columns} * 3, to->row(y + row) + size_t{x} * 3);
  }
}

Outcome ReadTiles(const std::string& pictures, std::vector<Picture>* tiles) {
  std::vector<std::string> files;
  NIC_TOOLS_RETURN_IF_FAILED(ListPictures(pictures, &files));
  for (const std::string& file : files) {
    Picture picture;
    const Outcome outcome = ReadPictureFile(file, &picture);
    if (!outcome.ok()) return Outcome::Failure(outcome.exit_status(), file, outcome.text());
    NIC_TOOLS_RETURN_IF_FAILED(
        Enlarge(picture, {0, 0, picture.width, picture.height}, 1, &tiles->emplace_back()));  // in colour
  }
  return {};
}

Outcome MakeMosaic(const MosaicOptions& options) {
  std::vector<Picture> tiles;
  NIC_TOOLS_RETURN_IF_FAILED(ReadTiles(options.pictures, &tiles));
  uint32_t width = tiles.front().width;
  uint32_t height = tiles.front().height;
  for (const Picture& tile : tiles) {
    width = std::min(width, tile.width);
    height = std::min(height, tile.height);
  }
  Picture mosaic;
  NIC_TOOLS_RETURN_IF_FAILED(mosaic.Allocate(options.width, options.height, NIC_RGB8, nic_limits{}));
  size_t next = 0;
  for (uint32_t y = 0; y < mosaic.height; y += height) {
    for (uint32_t x = 0; x < mosaic.width; x += width) {
      Paste(tiles[next++ % tiles.size()], width, height, x, y, &mosaic);
    }
  }
  return WritePictureFile(options.output, mosaic);
}

}  // namespace

int RunMosaic(const MosaicOptions& options) {
  tools::Report report("nicbench", false, false);
  const Outcome outcome = MakeMosaic(options);
  report.Error("", outcome);
  return outcome.exit_status();
}

}  // namespace nic::bench
