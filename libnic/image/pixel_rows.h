// Rows of a picture that pass by: those that came and are still needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "image/pixels.h"

namespace nic {

class PixelRows {
 public:
  // For rows of a picture of `shape`, whose stride and pixels are not looked at.
  PixelRows(const PixelView& shape, Memory& memory)
      : row_size_(size_t{shape.width} * static_cast<size_t>(shape.channels) * static_cast<size_t>(shape.depth / 8)),
        kept_(&memory) {}

  // The next rows.height rows. They are borrowed until Keep, which copies those that were not dropped; without Keep
  // they must be the last.
  void Show(const PixelView& rows) {
    shown_ = rows;
    kept_end_ = end_;
    end_ += rows.height;
  }
  void Keep() {
    const uint32_t first = kept_end_ > begin_ ? kept_end_ : begin_;
    if (kept_.empty()) first_kept_ = first;
    for (uint32_t y = first; y < end_; ++y) {
      const uint8_t* from = shown_.row(y - kept_end_);
      kept_.insert(kept_.end(), from, from + row_size_);
    }
    kept_end_ = end_;
    shown_ = {};
  }

  // Takes the memory for `rows` rows at once, when as many will be kept.
  void Reserve(uint32_t rows) { kept_.reserve(rows * row_size_); }

  // Row y of the picture: one that came and was not dropped.
  const uint8_t* row(uint32_t y) const {
    return y < kept_end_ ? kept_.data() + (y - first_kept_) * row_size_ : shown_.row(y - kept_end_);
  }
  uint32_t end() const { return end_; }  // rows that came

  // Rows above y are not needed any more.
  void DropBefore(uint32_t y) {
    if (y <= begin_) return;
    begin_ = y;
    const uint32_t kept_until = y < kept_end_ ? y : kept_end_;
    const uint32_t passed = kept_until - first_kept_;
    // Moving up what is kept costs as much as it, so it is done when half is dropped.
    if (size_t{passed} * 2 * row_size_ < kept_.size()) return;
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(passed * row_size_));
    first_kept_ = kept_until;
  }

 private:
  size_t row_size_;
  uint32_t begin_ = 0;       // the first row that is needed
  uint32_t end_ = 0;         // behind the last that came
  uint32_t first_kept_ = 0;  // rows [first_kept_, kept_end_) are in kept_, those up to end_ in shown_
  uint32_t kept_end_ = 0;
  PixelView shown_;
  std::pmr::vector<uint8_t> kept_;
};

}  // namespace nic
