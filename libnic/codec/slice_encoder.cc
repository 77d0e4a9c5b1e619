#include "codec/slice_encoder.h"

#include <algorithm>

#include "codec/slice_context.h"
#include "entropy/rans.h"

namespace nic {
namespace {

// What a bit may cost in squared quantiser steps, in 1/1024. High-rate theory says 2 ln 2 / 12 = 118 / 1024 for a
// uniform quantiser; this measures best (docs/decisions.md).
constexpr int64_t kStepsForBit = 100;
// Analysis networks that are trained for rate and distortion shrink what is small against the quantiser's step, much as
// optimised symbols do once more. Differences are stretched by 20/256 for each bit that a zero costs less than 4.
constexpr uint32_t kStretchPerBit = 20;
constexpr uint32_t kNoStretchBits = 4;
constexpr int kStretchOne = 256;
// Optimised symbols spread less than the latents that they are chosen for. Hyper-latents of latents smaller by this, in
// 1/256, tell the scales that fit them (docs/decisions.md).
constexpr int kHyperShare = 246;

// Chooses symbols: the nearest, or the one of the two nearest towards zero that costs less in rate and distortion.
class Quantiser {
 public:
  // `stretches`: Stretch will be called.
  Quantiser(const PreparedModel& model, bool optimise, bool stretches, Memory& memory)
      : model_(model), bits_(model.decoder().latent_bits), optimise_(optimise), stretches_(&memory) {
    if (!stretches) return;
    stretches_.assign(static_cast<size_t>(model.decoder().scales), kStretchOne);
    for (int scale = model.decoder().first_coded_scale; scale < model.decoder().scales; ++scale) {
      const uint32_t zero = model.tables().SymbolCost(model.ScaleTable(scale), 0);
      const uint32_t gain = kNoStretchBits * kBit - std::min(zero, kNoStretchBits * kBit);
      stretches_[static_cast<size_t>(scale)] += static_cast<int>(kStretchPerBit * gain / kBit);
    }
  }

  int16_t Nearest(int difference) const {
    return static_cast<int16_t>(std::clamp((difference + (1 << bits_ >> 1)) >> bits_, -32768, 32767));
  }

  // difference: target - mean, in latent units; scale: a coded one.
  int16_t Choose(int difference, int scale) const {
    const int16_t nearest = Nearest(difference);
    if (!optimise_ || nearest == 0) return nearest;
    const auto smaller = static_cast<int16_t>(nearest > 0 ? nearest - 1 : nearest + 1);
    return Cost(difference, smaller, scale) < Cost(difference, nearest, scale) ? smaller : nearest;
  }

  // What the analysis meant by a difference. `scale` may be one that is not coded.
  int Stretch(int difference, int scale) const {
    return difference * stretches_[static_cast<size_t>(scale)] / kStretchOne;
  }

 private:
  static constexpr auto kBit = static_cast<uint32_t>(TableSet::kBit);

  int64_t Cost(int difference, int16_t symbol, int scale) const {
    const int64_t error = difference - int64_t{symbol} * (int64_t{1} << bits_);
    const int64_t distortion = (error * error) << (16 - 2 * bits_);  // squared steps in 1/65536
    const int64_t bits = model_.tables().SymbolCost(model_.ScaleTable(scale), symbol);
    static_assert(TableSet::kBit == 65536);
    return distortion + ((bits * kStepsForBit) >> 10);
  }

  const PreparedModel& model_;
  int bits_;
  bool optimise_;
  std::pmr::vector<int> stretches_;  // by scale
};

// Reads a buffer's samples smaller by kHyperShare.
class ShrunkSource final : public TensorSource {
 public:
  ShrunkSource(const TensorBuffer& buffer, const Bounds& range) : buffer_(buffer), range_(range) {}

  Status Read(int, const TensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      for (int64_t x = view.rect.x0; x < view.rect.x1; ++x) {
        std::transform(buffer_.at(y, x), buffer_.at(y, x) + view.channels, view.at(y, x), [&](int sample) {
          return static_cast<int16_t>(std::clamp<int>(sample * kHyperShare / 256, range_.low, range_.high));
        });
      }
    }
    return {};
  }

 private:
  const TensorBuffer& buffer_;
  const Bounds range_;
};

class SliceEncoder {
 public:
  SliceEncoder(const PreparedModel& model, const Rect& place, const SliceChoices& choices, Parallel& parallel,
               Memory& memory)
      : model_(model),
        place_(place),
        refinement_(choices.refinement),
        quantiser_(model, choices.optimise, choices.refinement.estimates != nullptr, memory),
        parallel_(parallel),
        memory_(memory),
        context_(model, place.height(), place.width(), parallel, memory),
        targets_(memory, place.height(), place.width(), model.decoder().latent_channels),
        encoder_(memory),
        tables_(&memory),
        symbols_(&memory) {}

  // `field` may be null: the latents are gained already.
  void TakeLatents(const TensorWindow& latents, const Rect& place, const GainField* field) {
    const Bounds range = TargetRange(model_);
    const auto channels = static_cast<size_t>(targets_.channels());
    for (int64_t y = 0; y < place.height(); ++y) {
      for (int64_t x = 0; x < place.width(); ++x) {
        const int16_t* from = latents.at(place.y0 + y, place.x0 + x);
        if (field) {
          GainPosition(from, field->at(place.y0 + y, place.x0 + x), channels, range, targets_.at(y, x));
        } else {
          std::copy_n(from, channels, targets_.at(y, x));
        }
      }
    }
  }

  Status FindHyperLatents() {
    TensorBuffer& hyper = context_.hyper_latents();
    BufferSource plain({&targets_});
    ShrunkSource shrunk(targets_, TargetRange(model_));
    TensorSource& source = refinement_.decoded ? static_cast<TensorSource&>(shrunk) : plain;
    BufferSink sink({&hyper});
    const Rect all{0, 0, hyper.width(), hyper.height()};
    return model_.hyper_analysis().Run(targets_.height(), targets_.width(), all, 0, source, sink, parallel_, memory_);
  }

  Status EncodeHyperLatents() {
    TensorBuffer& hyper = context_.hyper_latents();
    const GraphInput range = model_.decoder().hyper_synthesis.inputs[0];
    tables_.resize(hyper.size());
    for (size_t i = 0; i < hyper.size(); ++i) {
      hyper.data()[i] = std::clamp(hyper.data()[i], range.low, range.high);
      tables_[i] = model_.HyperTable(static_cast<int>(i % hyper.channels()));
    }
    Append(hyper.data());
    hyper_records_ = encoder_.record_count();
    return context_.BeginLatents();
  }

  Status EncodePass(size_t pass) {
    NIC_RETURN_IF_ERROR(context_.BeginPass(pass));
    tables_.clear();
    symbols_.clear();
    const int first = model_.decoder().first_coded_scale;
    context_.VisitPass(pass, [&](int16_t& latent, int16_t mean, int16_t scale, const SliceContext::Place& at) {
      int16_t symbol = 0;
      const int target = FindTarget(mean, scale, at);
      if (scale >= first) {
        symbol = quantiser_.Choose(target - mean, scale);
        tables_.push_back(model_.ScaleTable(scale));
        symbols_.push_back(symbol);
      }
      latent = context_.Reconstruct(symbol, mean);
    });
    Append(symbols_.data());
    return {};
  }

  void Finish(int lanes, EncodedSlice* slice) {
    slice->check = context_.ComputeCheck();
    slice->cost = cost_;
    FinishStream(lanes ? lanes : 1, slice);
    if (lanes == 0 && SuitableLanes(slice->stream.size()) != 1)
      FinishStream(SuitableLanes(slice->stream.size()), slice);
  }

  TensorBuffer& hyper_latents() { return context_.hyper_latents(); }
  const TensorBuffer& latents() { return context_.latents(); }

 private:
  // What the latent is to be, before quantisation.
  int FindTarget(int mean, int scale, const SliceContext::Place& at) {
    const int target = targets_.at(at.y, at.x)[at.channel];
    if (!refinement_.estimates) return target;
    const int64_t y = place_.y0 + at.y, x = place_.x0 + at.x;
    int16_t& estimate = refinement_.estimates->at(y, x)[at.channel];
    if (!refinement_.decoded) {
      estimate = Fit(mean + quantiser_.Stretch(target - mean, scale));
      return target;
    }
    const int decoded = refinement_.decoded->at(y, x)[at.channel];
    const int found = decoded + quantiser_.Stretch(target - decoded, scale);
    estimate = Fit((estimate * refinement_.weight + found * (16 - refinement_.weight) + 8) >> 4);
    return estimate;
  }

  static int16_t Fit(int value) { return static_cast<int16_t>(std::clamp(value, -32768, 32767)); }

  // `values` go with tables_.
  void Append(const int16_t* values) {
    encoder_.Append(model_.tables(), tables_, values);
    cost_ += Encoder::Cost(model_.tables(), tables_, values);
  }

  void FinishStream(int lanes, EncodedSlice* slice) {
    slice->lanes = lanes;
    slice->stream.clear();
    slice->hyper_size = encoder_.Finish(lanes, &slice->stream, hyper_records_);
  }

  const PreparedModel& model_;
  const Rect place_;
  const Refinement refinement_;
  const Quantiser quantiser_;
  Parallel& parallel_;
  Memory& memory_;
  SliceContext context_;
  TensorBuffer targets_;  // gained latents before quantisation
  Encoder encoder_;
  std::pmr::vector<uint16_t> tables_;
  std::pmr::vector<int16_t> symbols_;
  size_t hyper_records_ = 0;
  uint64_t cost_ = 0;
};

}  // namespace

Bounds TargetRange(const PreparedModel& model) {
  const DecoderModel& decoder = model.decoder();
  const GraphInput& input = model.encoder().hyper_analysis.inputs[0];
  return {std::max(decoder.latent_low, input.low), std::min(decoder.latent_high, input.high)};
}

void GainPosition(const int16_t* analysed, const Gain* gains, size_t channels, const Bounds& range, int16_t* gained) {
  for (size_t c = 0; c < channels; ++c) {
    gained[c] = static_cast<int16_t>(std::clamp<int32_t>(ApplyGain(analysed[c], gains[c]), range.low, range.high));
  }
}

Status EncodeSlice(const PreparedModel& model, const TensorWindow& analysed, const Rect& place,
                   const SliceChoices& choices, Parallel& parallel, Memory& memory, EncodedSlice* slice,
                   TensorWindow* decoded, int16_t* hyper) {
  SliceEncoder encoder(model, place, choices, parallel, memory);
  encoder.TakeLatents(analysed, place, choices.gains);
  TensorBuffer& symbols = encoder.hyper_latents();
  if (choices.hyper) {
    std::copy_n(choices.hyper, symbols.size(), symbols.data());
  } else {
    NIC_RETURN_IF_ERROR(encoder.FindHyperLatents());
  }
  NIC_RETURN_IF_ERROR(encoder.EncodeHyperLatents());
  for (size_t pass = 0; pass < model.decoder().passes.size(); ++pass) NIC_RETURN_IF_ERROR(encoder.EncodePass(pass));
  encoder.Finish(choices.lanes, slice);
  if (decoded) decoded->Take(encoder.latents(), place);
  if (hyper) std::copy_n(symbols.data(), symbols.size(), hyper);
  return {};
}

}  // namespace nic
