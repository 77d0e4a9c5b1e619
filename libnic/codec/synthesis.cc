#include "codec/synthesis.h"

#include <algorithm>

namespace nic {

// Latents times the inverse gain, within the synthesis' input range.
class SynthesisRun::Source final : public TensorSource {
 public:
  Source(const TensorWindow& latents, const GainField& gains, const GraphInput& range)
      : latents_(latents), gains_(gains), range_(range) {}

  Status Read(int, const TensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      for (int64_t x = view.rect.x0; x < view.rect.x1; ++x) {
        ReadPosition(latents_.at(y, x), gains_.at(y, x), view.at(y, x));
      }
    }
    rows_read_ = view.rect.y1;
    return {};
  }

  int64_t rows_read() const { return rows_read_; }

 private:
  void ReadPosition(const int16_t* latent, const Gain* gains, int16_t* input) const {
    for (size_t c = 0; c < gains_.channels(); ++c) {
      input[c] = std::clamp(ApplyGain(latent[c], gains[c]), range_.low, range_.high);
    }
  }

  const TensorWindow& latents_;
  const GainField& gains_;
  const GraphInput range_;
  int64_t rows_read_ = 0;
};

class SynthesisRun::Sink final : public TensorSink {
 public:
  explicit Sink(Deblocking* deblocking) : deblocking_(deblocking) {}
  void SetRow(const ValueRow& row) { row_ = &row; }

  Status Write(int, const ConstTensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      const int16_t* values = view.at(y, view.rect.x0);
      NIC_RETURN_IF_ERROR(deblocking_ ? deblocking_->Add(y, values, *row_) : (*row_)(y, values));
    }
    return {};
  }

 private:
  Deblocking* const deblocking_;
  const ValueRow* row_ = nullptr;
};

namespace {

// A preview is not deblocked.
const DeblockingFilters* FindDeblocking(const PreparedModel& model, int scale) {
  return model.has_preview(scale) ? nullptr : model.deblocking();
}

int64_t HeightOf(const PreparedModel& model, const SliceLayout& layout) {
  return layout.latent_height() * model.decoder().latent_factor;
}

int64_t WidthOf(const PreparedModel& model, const SliceLayout& layout) {
  return layout.latent_width() * model.decoder().latent_factor;
}

}  // namespace

Rect SynthesisedRegion(const PreparedModel& model, const SliceLayout& layout, const Rect& region, int scale) {
  if (!FindDeblocking(model, scale)) return region;
  return Deblocking::Surround(region, HeightOf(model, layout), WidthOf(model, layout));
}

SynthesisRun::SynthesisRun(const PreparedModel& model, const SliceLayout& layout, const GainField& gains,
                           const Rect& region, int64_t strip_rows, Parallel& parallel, Memory& memory, int scale)
    : model_(model),
      reader_(model.reader(scale)),
      layout_(layout),
      gains_(gains),
      region_(SynthesisedRegion(model, layout, region, scale)),
      strip_rows_(strip_rows),
      parallel_(parallel),
      memory_(memory) {
  const DeblockingFilters* filters = FindDeblocking(model, scale);
  if (!filters) return;
  deblocking_ = std::make_unique<Deblocking>(*filters, gains, model.decoder().latent_factor, region,
                                             HeightOf(model, layout), WidthOf(model, layout), parallel, memory);
}

SynthesisRun::~SynthesisRun() = default;

Status SynthesisRun::Begin() {
  const Program& program = reader_.program;
  const int64_t height = layout_.latent_height();
  const int64_t width = layout_.latent_width();
  NIC_RETURN_IF_ERROR(program.FindInputRect(height, width, region_, memory_, &wanted_));
  source_ = std::make_unique<Source>(window_, gains_, reader_.range);
  sink_ = std::make_unique<Sink>(deblocking_.get());
  return program.Begin(height, width, region_, strip_rows_, *source_, *sink_, parallel_, memory_, &run_);
}

const Rect& SynthesisRun::wanted() const { return wanted_; }

TensorWindow& SynthesisRun::Extend(int64_t end) {
  const int channels = model_.decoder().latent_channels;
  // What is still to be read is kept aside, so that the old window and the new one are never held together.
  const Rect unread{wanted_.x0, std::max(source_->rows_read(), wanted_.y0), wanted_.x1, window_.rect().y1};
  TensorWindow kept;
  if (unread.height() > 0) {
    kept = TensorWindow(memory_, unread, channels);
    kept.Take(window_);
  }
  window_ = {};
  window_ = TensorWindow(memory_, {unread.x0, unread.y0, unread.x1, end}, channels);
  window_.Fill(0);
  if (unread.height() > 0) window_.Take(kept);
  return window_;
}

bool SynthesisRun::done() const { return run_->done(); }

int64_t SynthesisRun::latents_needed() const { return run_->rows_needed(); }

Status SynthesisRun::Advance(const ValueRow& row) {
  sink_->SetRow(row);
  return run_->Advance();
}

uint64_t SynthesisRun::EstimateMemory() const {
  const uint64_t filtered = deblocking_ ? Deblocking::EstimateMemory(region_.width()) : 0;
  return filtered + reader_.program.EstimateMemory(layout_.latent_height(), layout_.latent_width(), region_,
                                                   strip_rows_, parallel_.width());
}

}  // namespace nic
