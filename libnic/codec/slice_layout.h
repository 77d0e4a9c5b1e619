// How a picture divides into latent positions and slices (format-spec/codec.md, "Layout").
#pragma once

#include <cstdint>

#include "intnet/program.h"
#include "model/model.h"

namespace nic {

// The slices of some columns and rows of the grid.
struct SliceRange {
  int64_t column0 = 0, row0 = 0, column1 = 0, row1 = 0;
  int64_t count() const { return (column1 - column0) * (row1 - row0); }
  // The index of number `number` of them, in a grid of `columns` columns.
  int64_t Slice(int64_t number, int64_t columns) const {
    const int64_t width = column1 - column0;
    return (row0 + number / width) * columns + column0 + number % width;
  }
};

// The grids of a picture of width x height pixels.
class SliceLayout {
 public:
  // slice_side: pixels, a multiple of 64.
  SliceLayout(uint32_t width, uint32_t height, uint32_t slice_side, const DecoderModel& model)
      : factor_(model.latent_factor),
        hyper_factor_(model.hyper_factor),
        side_(slice_side / static_cast<uint32_t>(model.latent_factor)),
        latent_width_(CeilDivide(width, factor_)),
        latent_height_(CeilDivide(height, factor_)) {}

  int64_t latent_width() const { return latent_width_; }
  int64_t latent_height() const { return latent_height_; }
  int64_t columns() const { return CeilDivide(latent_width_, side_); }
  int64_t rows() const { return CeilDivide(latent_height_, side_); }
  int64_t count() const { return columns() * rows(); }

  // Slice number `index`, from left to right, then down: its latent positions.
  Rect Latents(int64_t index) const {
    const int64_t x = index % columns() * side_;
    const int64_t y = index / columns() * side_;
    return {x, y, x + side_ < latent_width_ ? x + side_ : latent_width_,
            y + side_ < latent_height_ ? y + side_ : latent_height_};
  }
  // The slices that have latents in `latents`, which is not empty.
  SliceRange Touching(const Rect& latents) const {
    return {latents.x0 / side_, latents.y0 / side_, CeilDivide(latents.x1, side_), CeilDivide(latents.y1, side_)};
  }
  // The hyper-latent positions of a slice with these latents: a grid of its own.
  int64_t HyperWidth(const Rect& latents) const { return CeilDivide(latents.width(), hyper_factor_); }
  int64_t HyperHeight(const Rect& latents) const { return CeilDivide(latents.height(), hyper_factor_); }

 private:
  static int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

  int64_t factor_;
  int64_t hyper_factor_;
  int64_t side_;
  int64_t latent_width_;
  int64_t latent_height_;
};

}  // namespace nic
