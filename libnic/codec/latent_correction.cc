#include "codec/latent_correction.h"

#include <algorithm>

#include "codec/analysis.h"
#include "codec/slice_encoder.h"
#include "codec/synthesis.h"

namespace nic {
namespace {

class Correction {
 public:
  Correction(const PreparedModel& model, const AnalysedPicture& picture, const TensorWindow& decoded,
             TensorWindow* targets)
      : range_(TargetRange(model)), picture_(picture), decoded_(decoded), targets_(*targets) {}

  // Takes latents of the decoded picture.
  Status Take(const ConstTensorView& given) const {
    for (int64_t y = given.rect.y0; y < given.rect.y1; ++y) {
      for (int64_t x = given.rect.x0; x < given.rect.x1; ++x) CorrectPosition(y, x, given.at(y, x));
    }
    return {};
  }

 private:
  void CorrectPosition(int64_t y, int64_t x, const int16_t* given) const {
    const Gain* gains = picture_.gains.at(y, x);
    const int16_t* wanted = picture_.latents.at(y, x);
    const int16_t* decoded = decoded_.at(y, x);
    int16_t* target = targets_.at(y, x);
    for (size_t c = 0; c < picture_.gains.channels(); ++c) {
      const int difference = ApplyGain(wanted[c], gains[c]) - ApplyGain(given[c], gains[c]);
      target[c] = static_cast<int16_t>(std::clamp<int>(decoded[c] + difference, range_.low, range_.high));
    }
  }

  const Bounds range_;
  const AnalysedPicture& picture_;
  const TensorWindow& decoded_;
  TensorWindow& targets_;
};

template <typename Sample>
void RoundRow(const PixelView& shape, const int16_t* values, int output_bits, Sample* samples) {
  if (shape.channels == 1) {
    RoundToGrey(values, shape.width, output_bits, samples);
  } else {
    RoundToRgb(values, shape.width, output_bits, samples);
  }
}

}  // namespace

Status CorrectTargets(const PreparedModel& model, const AnalysedPicture& picture, const TensorWindow& decoded,
                      Parallel& parallel, Memory& memory, TensorWindow* targets, const SeenRow& see) {
  const PixelView& shape = picture.shape;
  const size_t row_size =
      size_t{shape.width} * static_cast<size_t>(shape.channels) * static_cast<size_t>(shape.depth / 8);
  const Correction correction(model, picture, decoded, targets);
  SynthesisRun synthesis(model, picture.layout, picture.inverse_gains, {0, 0, shape.width, shape.height}, 0, parallel,
                         memory);
  NIC_RETURN_IF_ERROR(synthesis.Begin());
  AnalysisRun analysis(model.analysis(), model.decoder().latent_factor, shape, parallel, memory);
  NIC_RETURN_IF_ERROR(analysis.Begin());

  std::pmr::vector<uint8_t> strip(&memory);
  const auto take_row = [&](int64_t y, const int16_t* values) -> Status {
    strip.resize(strip.size() + row_size);
    uint8_t* samples = strip.data() + strip.size() - row_size;
    if (shape.depth == 16) {
      RoundRow(shape, values, model.decoder().output_bits, reinterpret_cast<uint16_t*>(samples));
    } else {
      RoundRow(shape, values, model.decoder().output_bits, samples);
    }
    see(y, values);
    return {};
  };
  while (!synthesis.done()) {
    synthesis.Extend(synthesis.latents_needed()).Take(decoded);
    strip.clear();
    NIC_RETURN_IF_ERROR(synthesis.Advance(take_row));
    if (strip.empty()) continue;
    const auto rows = static_cast<uint32_t>(strip.size() / row_size);
    NIC_RETURN_IF_ERROR(analysis.Push({shape.width, rows, shape.channels, row_size, strip.data(), shape.depth},
                                      Progress(),
                                      [&](const ConstTensorView& given) { return correction.Take(given); }));
  }
  return {};
}

void GainTargets(const PreparedModel& model, const AnalysedPicture& picture, TensorWindow* targets) {
  const Bounds range = TargetRange(model);
  const Rect& rect = targets->rect();
  for (int64_t y = rect.y0; y < rect.y1; ++y) {
    for (int64_t x = rect.x0; x < rect.x1; ++x) {
      GainPosition(picture.latents.at(y, x), picture.gains.at(y, x), picture.gains.channels(), range,
                   targets->at(y, x));
    }
  }
}

}  // namespace nic
