// Filters across borders every 8 pixels, on the rows of a synthesis as they come (format-spec/codec.md, "Deblocking").
#pragma once

#include <cstdint>
#include <functional>
#include <memory_resource>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/status.h"
#include "codec/gain_map.h"
#include "intnet/kernel.h"
#include "intnet/program.h"
#include "model/model.h"

namespace nic {

// Takes one finished row of a region, three synthesis values a column without gaps (see RoundToRgb). `y` is the
// picture's; rows come from the top down.
using ValueRow = std::function<Status(int64_t y, const int16_t* values)>;

// A model's filters, packed for a target's kernels. Immutable; may serve several threads at once.
class DeblockingFilters {
 public:
  // The model is valid (CheckModel) and `target` supported.
  DeblockingFilters(const DeblockingModel& model, const DecoderModel& decoder, Target target, Memory& memory);
  DeblockingFilters(const DeblockingFilters&) = delete;
  DeblockingFilters& operator=(const DeblockingFilters&) = delete;

  // In place; see Kernels::Deblock. kind: 0 for borders between latents, 1 for those inside.
  void Run(int level, int kind, const DeblockLines& lines) const {
    const DeblockFilter& filter = filters_[static_cast<size_t>(level * kDeblockingKinds + kind)];
    if (filter.weight) deblock_(filter, lines);
  }

 private:
  std::pmr::vector<int16_t> activity_, step_, weight_;
  std::pmr::vector<DeblockFilter> filters_;  // without weights where all of them are 0
  Kernels::Deblock deblock_;
};

// Filters a region's rows. It holds at most eight of them.
class Deblocking {
 public:
  // What rows and columns of a synthesis, of height x width samples, are to be given for those of `region`.
  static Rect Surround(const Rect& region, int64_t height, int64_t width);

  // About how many bytes it holds for a Surround so wide.
  static uint64_t EstimateMemory(int64_t width);

  // For `region` of a synthesis of height x width samples. All that is referred to must outlive the object.
  Deblocking(const DeblockingFilters& filters, const GainField& gains, int latent_factor, const Rect& region,
             int64_t height, int64_t width, Parallel& parallel, Memory& memory);

  // Takes the next row of Surround and hands out the rows of the region that are finished with it.
  Status Add(int64_t y, const int16_t* values, const ValueRow& row);

 private:
  int16_t* at(int64_t y, int64_t x) { return &rows_[static_cast<size_t>((y - top_) * stride_ + (x - around_.x0) * 3)]; }
  bool IsBorder(int64_t position, int64_t size) const { return position > 0 && position < size; }
  int KindOf(int64_t position) const { return position % latent_factor_ == 0 ? 0 : 1; }
  int LevelAt(int64_t y, int64_t x) const { return gains_.level_at(y / latent_factor_, x / latent_factor_); }
  void FilterColumns(int64_t x0, int64_t x1);
  void FilterRow(int64_t y, int64_t x0, int64_t x1);
  void FilterBorderBetweenRows(int64_t y, int64_t x0, int64_t x1);
  Status HandOut(const ValueRow& row);

  const DeblockingFilters& filters_;
  const GainField& gains_;
  const int64_t latent_factor_;
  const Rect region_, around_;
  const int64_t height_, width_;
  Parallel& parallel_;
  const int64_t stride_;  // samples of a row
  int64_t top_ = 0;       // first row that is held
  int64_t next_;          // the one that comes next
  Buffer<int16_t> rows_;
};

}  // namespace nic
