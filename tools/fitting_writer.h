// Makes a picture smaller on its way into a file, so that it fits a square.
#pragma once

#include <memory>

#include "tools/picture_writer.h"

namespace nic::tools {

// Each pixel is the mean of those that it stands for, colours weighted by alpha. Holds one row. A picture that fits as
// it is passes unchanged.
class FittingWriter : public PictureWriter {
 public:
  // The longer side will be `max_side` pixels at most, which is at least 1.
  FittingWriter(std::unique_ptr<PictureWriter> writer, uint32_t max_side)
      : writer_(std::move(writer)), max_side_(max_side) {}

  // The length of a side of a picture whose longer side is `longer`, once it fits.
  static uint32_t Fitted(uint32_t side, uint32_t longer, uint32_t max_side);

  Outcome Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) override;
  Outcome Write(const uint8_t* pixels, uint32_t rows, size_t stride) override;
  Outcome End() override { return writer_->End(); }

 private:
  void Gather(const uint8_t* row);
  void Average();

  std::unique_ptr<PictureWriter> writer_;
  uint32_t max_side_;
  uint32_t width_ = 0;  // as decoded
  uint32_t height_ = 0;
  uint32_t fitted_width_ = 0;
  uint32_t fitted_height_ = 0;
  size_t channels_ = 0;
  size_t sample_bytes_ = 1;
  bool alpha_ = false;
  uint32_t row_ = 0;         // rows taken
  uint32_t fitted_row_ = 0;  // rows given
  std::vector<uint64_t> sums_;
  std::vector<uint64_t> weights_;  // by which the colours' sums are to be divided
  std::vector<uint64_t> counts_;   // of pixels
  std::vector<uint8_t> mean_;
};

}  // namespace nic::tools
