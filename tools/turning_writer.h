// Turns and mirrors a picture on its way into a file, as an Exif orientation asks.
#pragma once

#include <memory>

#include "tools/picture_writer.h"

namespace nic::tools {

// Holds the whole picture until End.
class TurningWriter : public PictureWriter {
 public:
  // `orientation`: 1 to 8, as ExifOrientation tells it. A picture of more than `max_memory` bytes is refused; 0:
  // libnic's default limit.
  TurningWriter(std::unique_ptr<PictureWriter> writer, uint32_t orientation, uint64_t max_memory)
      : writer_(std::move(writer)), orientation_(orientation), max_memory_(max_memory) {}

  // True if the orientation makes rows of columns.
  static bool SwapsSides(uint32_t orientation) { return orientation >= 5; }

  Outcome Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) override;
  Outcome Write(const uint8_t* pixels, uint32_t rows, size_t stride) override;
  Outcome End() override;

 private:
  std::unique_ptr<PictureWriter> writer_;
  uint32_t orientation_;
  uint64_t max_memory_;
  uint32_t width_ = 0;  // as stored
  uint32_t height_ = 0;
  size_t pixel_size_ = 0;
  std::vector<uint8_t> pixels_;
};

}  // namespace nic::tools
