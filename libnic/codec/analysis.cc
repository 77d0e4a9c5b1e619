#include "codec/analysis.h"

#include <algorithm>

#include "image/pixel_rows.h"

namespace nic {
namespace {

int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

class AnalysisRun::Source final : public TensorSource {
 public:
  Source(const PixelView& shape, Memory& memory) : shape_(shape), rows_(shape, memory) {}

  PixelRows& rows() { return rows_; }

  Status Read(int, const TensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) ReadRow(y, view);
    // The last row is read again for the padding below it.
    rows_.DropBefore(static_cast<uint32_t>(std::min<int64_t>(view.rect.y1, shape_.height - 1)));
    rows_read_ = std::min<int64_t>(view.rect.y1, shape_.height);
    return {};
  }

  double fraction() const { return static_cast<double>(rows_read_) / shape_.height; }

 private:
  void ReadRow(int64_t y, const TensorView& view) const {
    PixelView row = shape_;
    row.height = 1;
    row.pixels = rows_.row(static_cast<uint32_t>(std::min<int64_t>(y, shape_.height - 1)));
    CenterPixels(row, 0, view.rect.x0, view.rect.x1, view.at(y, view.rect.x0));
  }

  const PixelView shape_;
  PixelRows rows_;
  int64_t rows_read_ = 0;
};

class AnalysisRun::Sink final : public TensorSink {
 public:
  void SetTaker(const LatentRows& take) { take_ = &take; }
  Status Write(int, const ConstTensorView& view) override { return (*take_)(view); }

 private:
  const LatentRows* take_ = nullptr;
};

AnalysisRun::AnalysisRun(const Program& analysis, int factor, const PixelView& shape, Parallel& parallel,
                         Memory& memory)
    : analysis_(analysis), factor_(factor), shape_(shape), parallel_(parallel), memory_(memory) {}

AnalysisRun::~AnalysisRun() = default;

Status AnalysisRun::Begin() {
  const int64_t height = RoundUp(shape_.height, factor_);
  const int64_t width = RoundUp(shape_.width, factor_);
  source_ = std::make_unique<Source>(shape_, memory_);
  sink_ = std::make_unique<Sink>();
  return analysis_.Begin(height, width, {0, 0, width / factor_, height / factor_}, 0, *source_, *sink_, parallel_,
                         memory_, &run_);
}

Status AnalysisRun::Push(const PixelView& rows, const Progress& progress, const LatentRows& take) {
  PixelRows& pixels = source_->rows();
  pixels.Show(rows);
  sink_->SetTaker(take);
  // Below the last row there is nothing to wait for.
  const int64_t ready = pixels.end() == shape_.height ? RoundUp(shape_.height, factor_) : pixels.end();
  while (!run_->done() && run_->rows_needed() <= ready) {
    NIC_RETURN_IF_ERROR(progress.Report(source_->fraction()));
    NIC_RETURN_IF_ERROR(run_->Advance());
  }
  pixels.Keep();
  return {};
}

uint32_t AnalysisRun::rows_pushed() const { return source_->rows().end(); }

}  // namespace nic
