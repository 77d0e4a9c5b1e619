#include "codec/deblocking.h"

#include <algorithm>
#include <cstring>

namespace nic {
namespace {

constexpr int64_t kHalf = kDeblockingPeriod / 2;
constexpr int64_t kChannels = 3;
constexpr int64_t kColumnsOfTask = 32 * kDeblockingPeriod;

// Windows, of which each has a border in its middle, begin half a period before the multiples of a period.
int64_t WindowBegin(int64_t position) { return (position + kHalf) / kDeblockingPeriod * kDeblockingPeriod - kHalf; }

int64_t CutWindowBegin(int64_t position) { return std::max<int64_t>(WindowBegin(position), 0); }
int64_t CutWindowEnd(int64_t position, int64_t size) {
  return std::min(WindowBegin(position) + kDeblockingPeriod, size);
}

// The order of DeblockFilter::weight, from the order of the model.
void PackWeights(const int16_t* model, int16_t* packed) {
  constexpr int kSide = kDeblockingPeriod;
  for (int j = 0; j < kSide; ++j) {
    for (int i = 0; i < kSide; ++i) {
      const int16_t weight = i < kSide / 2 ? model[i * kSide + j] : model[(kSide - 1 - i) * kSide + kSide - 1 - j];
      packed[(j / 2 * kSide + i) * 2 + j % 2] = weight;
    }
  }
}

}  // namespace

DeblockingFilters::DeblockingFilters(const DeblockingModel& model, const DecoderModel& decoder, Target target,
                                     Memory& memory)
    : activity_(model.activity, &memory),
      step_(model.step, &memory),
      weight_(model.filter.size() * 2, &memory),
      filters_(&memory),
      deblock_(FindKernels(target)->deblock) {
  for (size_t from = 0; from < model.filter.size(); from += kDeblockingWeights) {
    PackWeights(&model.filter[from], &weight_[2 * from]);
  }
  for (int level = 0; level < decoder.levels; ++level) {
    for (int kind = 0; kind < kDeblockingKinds; ++kind) {
      const int16_t* begin = &weight_[2 * model.place(level, kind)];
      const int16_t* end = begin + 2 * model.classes() * kDeblockingWeights;
      const bool idle = std::all_of(begin, end, [](int16_t weight) { return weight == 0; });
      filters_.push_back({activity_.data(), static_cast<int>(activity_.size()), step_.data(),
                          static_cast<int>(step_.size()), idle ? nullptr : begin, model.filter_bits});
    }
  }
}

Rect Deblocking::Surround(const Rect& region, int64_t height, int64_t width) {
  return {CutWindowBegin(region.x0), CutWindowBegin(region.y0), CutWindowEnd(region.x1 - 1, width),
          CutWindowEnd(region.y1 - 1, height)};
}

uint64_t Deblocking::EstimateMemory(int64_t width) {
  return static_cast<uint64_t>(width * kChannels * kDeblockingPeriod) * sizeof(int16_t);
}

Deblocking::Deblocking(const DeblockingFilters& filters, const GainField& gains, int latent_factor, const Rect& region,
                       int64_t height, int64_t width, Parallel& parallel, Memory& memory)
    : filters_(filters),
      gains_(gains),
      latent_factor_(latent_factor),
      region_(region),
      around_(Surround(region, height, width)),
      height_(height),
      width_(width),
      parallel_(parallel),
      stride_(around_.width() * kChannels),
      next_(around_.y0),
      rows_(memory, static_cast<size_t>(stride_ * kDeblockingPeriod)) {}

Status Deblocking::Add(int64_t y, const int16_t* values, const ValueRow& row) {
  if (y == around_.y0 || y == WindowBegin(y)) top_ = y;
  std::memcpy(at(y, around_.x0), values, static_cast<size_t>(stride_) * sizeof(int16_t));
  next_ = y + 1;
  if (next_ < CutWindowEnd(y, height_)) return {};
  const int64_t first = WindowBegin(around_.x0);
  const auto tasks = static_cast<size_t>((around_.x1 - first + kColumnsOfTask - 1) / kColumnsOfTask);
  parallel_.ForEach(tasks, [&](size_t task) {
    const int64_t begin = first + static_cast<int64_t>(task) * kColumnsOfTask;
    FilterColumns(std::max(begin, around_.x0), std::min(begin + kColumnsOfTask, around_.x1));
  });
  return HandOut(row);
}

// Of all rows that are held, whole windows.
void Deblocking::FilterColumns(int64_t x0, int64_t x1) {
  for (int64_t y = top_; y < next_; ++y) FilterRow(y, x0, x1);
  const int64_t border = WindowBegin(top_) + kHalf;
  if (IsBorder(border, height_)) FilterBorderBetweenRows(border, x0, x1);
}

void Deblocking::FilterRow(int64_t y, int64_t x0, int64_t x1) {
  for (int64_t border = WindowBegin(x0) + kHalf; border < x1; border += kDeblockingPeriod) {
    if (!IsBorder(border, width_)) continue;
    filters_.Run(LevelAt(y, border), KindOf(border), {at(y, border - kHalf), kChannels, kChannels});
  }
}

void Deblocking::FilterBorderBetweenRows(int64_t y, int64_t x0, int64_t x1) {
  while (x0 < x1) {
    // The rate is one and the same within a latent position.
    const int64_t end = std::min(x1, (x0 / latent_factor_ + 1) * latent_factor_);
    filters_.Run(LevelAt(y, x0), KindOf(y), {at(y - kHalf, x0), stride_, (end - x0) * kChannels});
    x0 = end;
  }
}

Status Deblocking::HandOut(const ValueRow& row) {
  const int64_t end = std::min(next_, region_.y1);
  for (int64_t y = std::max(top_, region_.y0); y < end; ++y) NIC_RETURN_IF_ERROR(row(y, at(y, region_.x0)));
  return {};
}

}  // namespace nic
