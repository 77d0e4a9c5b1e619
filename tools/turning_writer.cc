#include "tools/turning_writer.h"

#include <cstring>

#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr uint64_t kDefaultMaxMemory = uint64_t{2} << 30;

// Where in the stored picture the first pixel to show lies, and the way to the next in the row and in the column.
struct Path {
  bool from_right;
  bool from_bottom;
  bool along_columns;
};

Path PathOf(uint32_t orientation) {
  switch (orientation) {
    case 2:
      return {true, false, false};
    case 3:
      return {true, true, false};
    case 4:
      return {false, true, false};
    case 5:
      return {false, false, true};
    case 6:
      return {false, true, true};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {false, false, false};
  }
}

}  // namespace

Outcome TurningWriter::Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) {
  width_ = width;
  height_ = height;
  pixel_size_ = PixelSize(format);
  const uint64_t size = uint64_t{width} * height * pixel_size_;
  const uint64_t limit = max_memory_ ? max_memory_ : kDefaultMaxMemory;
  if (size > limit) {
    return Outcome::Failure(
        kExitLimit, "needs too much memory",
        Grouped(size) + " bytes to turn the picture; raise --max-memory or leave out --auto-orient");
  }
  pixels_.reserve(static_cast<size_t>(size));
  const bool swapped = SwapsSides(orientation_);
  const Outcome outcome = writer_->Begin(swapped ? height : width, swapped ? width : height, format, metadata);
  notes_ = writer_->notes();
  return outcome;
}

Outcome TurningWriter::Write(const uint8_t* pixels, uint32_t rows, size_t stride) {
  for (uint32_t y = 0; y < rows; ++y) {
    const uint8_t* row = pixels + y * stride;
    pixels_.insert(pixels_.end(), row, row + width_ * pixel_size_);
  }
  return {};
}

Outcome TurningWriter::End() {
  const Path path = PathOf(orientation_);
  const auto column = static_cast<ptrdiff_t>(pixel_size_);
  const auto row = static_cast<ptrdiff_t>(width_ * pixel_size_);
  const ptrdiff_t right = path.from_right ? -column : column;
  const ptrdiff_t down = path.from_bottom ? -row : row;
  const uint8_t* line = pixels_.data();
  if (path.from_right) line += column * (width_ - 1);
  if (path.from_bottom) line += row * (height_ - 1);
  const uint32_t width = path.along_columns ? height_ : width_;
  const uint32_t height = path.along_columns ? width_ : height_;
  std::vector<uint8_t> turned(width * pixel_size_);
  for (uint32_t y = 0; y < height; ++y) {
    const ptrdiff_t step = path.along_columns ? down : right;
    for (uint32_t x = 0; x < width; ++x) std::memcpy(&turned[x * pixel_size_], line + x * step, pixel_size_);
    line += path.along_columns ? right : down;
    NIC_TOOLS_RETURN_IF_FAILED(writer_->Write(turned.data(), 1, turned.size()));
  }
  return writer_->End();
}

}  // namespace nic::tools
