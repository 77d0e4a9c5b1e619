#include "codec/synthesis.h"

#include <algorithm>

namespace nic {
namespace {

// Latents times the inverse gain, within the synthesis' input range.
class UngainedSource final : public TensorSource {
 public:
  UngainedSource(const TensorWindow& latents, const GainField& gains, const GraphInput& range)
      : latents_(latents), gains_(gains), range_(range) {}

  Status Read(int, const TensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      for (int64_t x = view.rect.x0; x < view.rect.x1; ++x) ReadPosition(latents_.at(y, x), gains_.at(y, x), view.at(y, x));
    }
    return {};
  }

 private:
  void ReadPosition(const int16_t* latent, const Gain* gains, int16_t* input) const {
    for (size_t c = 0; c < gains_.channels(); ++c) {
      input[c] = std::clamp(ApplyGain(latent[c], gains[c]), range_.low, range_.high);
    }
  }

  const TensorWindow& latents_;
  const GainField& gains_;
  const GraphInput range_;
};

class RowSink final : public TensorSink {
 public:
  explicit RowSink(const ValueRow& row) : row_(row) {}

  Status Write(int, const ConstTensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) NIC_RETURN_IF_ERROR(row_(y, view.at(y, view.rect.x0)));
    return {};
  }

 private:
  const ValueRow& row_;
};

}  // namespace

Status FindLatents(const PreparedModel& model, const SliceLayout& layout, const Rect& region, Memory& memory,
                   Rect* latents) {
  return model.synthesis().FindInputRect(layout.latent_height(), layout.latent_width(), region, memory, latents);
}

Status Synthesise(const PreparedModel& model, const SliceLayout& layout, const TensorWindow& latents,
                  const GainField& gains, const Rect& region, Parallel& parallel, Memory& memory, const ValueRow& row) {
  UngainedSource source(latents, gains, model.decoder().synthesis.inputs[0]);
  RowSink sink(row);
  return model.synthesis().Run(layout.latent_height(), layout.latent_width(), region, 0, source, sink, parallel, memory);
}

}  // namespace nic
