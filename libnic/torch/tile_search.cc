#include "torch/tile_search.h"

#include <torch/csrc/autograd/generated/variable_factories.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace nic {
namespace {

using torch::Tensor;

// The schedule, measured on crops of Kodak pictures (docs/decisions.md). Rates are steps of Adam, in quantiser steps.
constexpr double kRate = 0.03;
constexpr double kLastRate = 0.05 * kRate;
constexpr double kHyperRate = 3;  // of hyper-latents, in terms of the latents' rate
constexpr double kHotTemperature = 1;
constexpr double kColdTemperature = 0.3;
constexpr double kSteepness = 2;  // of the odds that a value is rounded up
constexpr double kHotPart = 0.2;  // of the steps, before the temperature begins to fall
constexpr int kChecks = 10;       // how often the rounded latents are looked at on the way

double RateAt(double part) { return kLastRate + (kRate - kLastRate) * 0.5 * (1 + std::cos(std::numbers::pi * part)); }

double TemperatureAt(double part) {
  const double cooled = std::max(0.0, (part - kHotPart) / (1 - kHotPart));
  return kHotTemperature * std::pow(kColdTemperature / kHotTemperature, cooled);
}

// Adam with the gradients' usual moments, of one tensor.
class Descent {
 public:
  explicit Descent(const Tensor& value)
      : value_(value.detach().clone().requires_grad_(true)),
        mean_(torch::zeros_like(value)),
        square_(torch::zeros_like(value)) {}

  const Tensor& value() const { return value_; }

  void Step(double rate) {
    torch::NoGradGuard no_gradients;
    ++steps_;
    const Tensor gradient = value_.grad();
    mean_.mul_(kMeanDecay).add_(gradient, 1 - kMeanDecay);
    square_.mul_(kSquareDecay).addcmul_(gradient, gradient, 1 - kSquareDecay);
    const double mean_scale = 1 - std::pow(kMeanDecay, steps_);
    const double square_scale = std::sqrt(1 - std::pow(kSquareDecay, steps_));
    value_.addcdiv_(mean_, square_.sqrt().add_(kTiny), -rate * square_scale / mean_scale);
    value_.mutable_grad().reset();
  }

 private:
  static constexpr double kMeanDecay = 0.9;
  static constexpr double kSquareDecay = 0.999;
  static constexpr double kTiny = 1e-12;

  Tensor value_;
  Tensor mean_;
  Tensor square_;
  int steps_ = 0;
};

// 1 inside `inner`, for the samples of `outer`, where one sample stands for `unit` positions a side.
Tensor InsideMask(const Rect& outer, const Rect& inner, int64_t height, int64_t width, int64_t unit,
                  const torch::TensorOptions& options) {
  Tensor mask = torch::zeros({1, 1, height, width}, options);
  const auto place = [&](int64_t at, int64_t origin) { return (at - origin + unit - 1) / unit; };
  const int64_t y0 = place(inner.y0, outer.y0), x0 = place(inner.x0, outer.x0);
  const int64_t y1 = place(inner.y1, outer.y0), x1 = place(inner.x1, outer.x0);
  mask.slice(2, y0, y1).slice(3, x0, x1).fill_(1);
  return mask;
}

Tensor PassMask(const Pass& pass, int channels, const Rect& window, const Rect& slice,
                const torch::TensorOptions& options) {
  Tensor phases = torch::zeros({1, channels, 2, 2}, options);
  for (int phase = 0; phase < kPhases; ++phase) {
    const ChannelRange range = pass.coded[phase];
    phases.select(3, phase & 1).select(2, phase >> 1).slice(1, range.begin, range.end).fill_(1);
  }
  const int64_t dy = (window.y0 - slice.y0) & 1, dx = (window.x0 - slice.x0) & 1;
  const Tensor tiled = phases.repeat({1, 1, (window.height() + 3) / 2, (window.width() + 3) / 2});
  return tiled.slice(2, dy, dy + window.height())
      .slice(3, dx, dx + window.width())
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

bool SameRect(const Rect& a, const Rect& b) { return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1; }

}  // namespace

// A value between two neighbouring whole numbers; the gradient is that of `part`.
struct TileSearch::Sample {
  Tensor floor;
  Tensor part;
};

struct TileSearch::Forward {
  Tensor latents;  // window, decoded
  Tensor hyper;    // window
  Tensor bits;
  Tensor squares;
};

TileSearch::TileSearch(const DecoderModel& decoder, const RealModel& model, const RealDeblocking* deblocking,
                       const Tensor& inverse_gain, const Tile& tile, const TileData& data)
    : decoder_(decoder), deblocking_(deblocking), model_(model), inverse_gain_(inverse_gain), tile_(tile), data_(data) {
  const auto options = data.start.options();
  for (const Pass& pass : decoder.passes) {
    pass_masks_.push_back(PassMask(pass, decoder.latent_channels, tile.window, tile.slice, options));
  }
  if (SameRect(tile.window, tile.inner)) return;
  free_ = InsideMask(tile.window, tile.inner, data.start.size(2), data.start.size(3), 1, options);
  hyper_free_ =
      InsideMask(tile.window, tile.inner, data.hyper.size(2), data.hyper.size(3), decoder.hyper_factor, options);
}

TileSearch::Sample TileSearch::Quantise(const Tensor& x, Quantiser quantiser) const {
  const Tensor floor = x.detach().floor();
  if (quantiser == Quantiser::kNearest) return {floor, (x - floor).detach().add(0.5).floor()};
  const Tensor part = x - floor;
  constexpr double kMargin = 1e-4;
  const Tensor inside = part.clamp(kMargin, 1 - kMargin);
  const Tensor noise = torch::rand_like(inside).clamp(1e-6, 1 - 1e-6);
  const Tensor odds = kSteepness * torch::logit(inside) / temperature_ + torch::logit(noise);
  return {floor, torch::sigmoid(odds / temperature_)};
}

Tensor TileSearch::SquaredErrors(const Tensor& decoded) const {
  const GraphInput& range = decoder_.synthesis.inputs[0];
  const double unit = std::ldexp(1.0, decoder_.latent_bits);
  const Tensor input = (decoded * unit * inverse_gain_).clamp(range.low, range.high);
  const Tensor synthesised = model_.synthesis.Run({input})[0];
  const Tensor output = deblocking_ ? deblocking_->Run(synthesised) : synthesised;
  Tensor samples = torch::hardtanh(output * std::ldexp(1.0, -decoder_.output_bits) + 128, 0, 255);
  if (data_.pixels.size(1) == 1) {
    const Tensor weights = torch::tensor({77.0 / 256, 150.0 / 256, 29.0 / 256}, samples.options()).view({1, 3, 1, 1});
    samples = (samples * weights).sum(1, true);
  }
  return ((samples - data_.pixels).square() * data_.weight).sum();
}

// The symbols of all passes, each where its pass codes and zero elsewhere.
struct TileSearch::Symbols {
  Tensor floor;
  Tensor part;
  Tensor scale;

  void Add(const Sample& symbol, const Tensor& scales, const Tensor& coded) {
    floor = floor.defined() ? floor + symbol.floor * coded : symbol.floor * coded;
    part = part.defined() ? part + symbol.part * coded : symbol.part * coded;
    scale = scale.defined() ? scale + scales * coded : scales * coded;
  }
};

Tensor TileSearch::CountHyperBits(const Sample& symbol) const {
  const Tensor& floor = symbol.floor;
  const Tensor channel = torch::arange(floor.size(1), floor.options().dtype(torch::kLong)).view({1, -1, 1, 1});
  return model_.hyper_costs.Cost(channel.expand_as(floor), floor.to(torch::kLong), symbol.part).sum();
}

// Scale indices are whole numbers in the integers; their gradient is the difference of neighbouring tables.
Tensor TileSearch::CountBits(const Symbols& symbols) const {
  const int first = decoder_.first_coded_scale;
  const Tensor scale = symbols.scale.detach();
  if (first == decoder_.scales) return scale.sum() * 0;
  const Tensor row = scale.add(0.5).floor().to(torch::kLong) - first;
  const Tensor coded = row.ge(0).to(scale.dtype());
  const Tensor inside = row.clamp(0, decoder_.scales - 1 - first);
  const Tensor floor = symbols.floor.to(torch::kLong);
  const Tensor cost = model_.scale_costs.Cost(inside, floor, symbols.part);
  const Tensor slope = model_.scale_costs.Slope(inside, floor, symbols.part.detach());
  return ((cost + (symbols.scale - scale) * slope) * coded).sum();
}

// The decoded latents of the window, pass by pass as the decoder has them.
Tensor TileSearch::DecodePasses(const Tensor& latents, const Tensor& features, Quantiser quantiser,
                                Symbols* symbols) const {
  const double unit = std::ldexp(1.0, decoder_.latent_bits);
  const Tensor wanted = free_.defined() ? torch::lerp(WindowOf(data_.decoded), latents, free_) : latents;
  Tensor decoded;
  for (size_t pass = 0; pass < pass_masks_.size(); ++pass) {
    const Tensor& mask = pass_masks_[pass];
    std::vector<Tensor> inputs;
    if (pass > 0) inputs.push_back(decoded * unit);
    inputs.push_back(features);
    const std::vector<Tensor> moments = model_.contexts[pass].Run(inputs);
    const Tensor mean = moments[0] / unit;
    const Tensor coded = mask * moments[1].detach().add(0.5).floor().ge(decoder_.first_coded_scale);
    const Sample symbol = Quantise(wanted - mean, quantiser);
    Tensor value = mean + (symbol.floor + symbol.part) * coded;
    value = torch::hardtanh(value, decoder_.latent_low / unit, decoder_.latent_high / unit);
    if (free_.defined()) value = torch::lerp(wanted, value, free_);
    decoded = decoded.defined() ? decoded + value * mask : value * mask;
    symbols->Add(symbol, moments[1], coded);
  }
  return decoded;
}

// The window's part of what belongs to the scene.
Tensor TileSearch::WindowOf(const Tensor& scene) const {
  return scene.slice(2, tile_.window.y0 - tile_.scene.y0, tile_.window.y1 - tile_.scene.y0)
      .slice(3, tile_.window.x0 - tile_.scene.x0, tile_.window.x1 - tile_.scene.x0);
}

TileSearch::Forward TileSearch::Evaluate(const Tensor& latents, const Tensor& hyper, Quantiser quantiser) const {
  const GraphInput& range = decoder_.hyper_synthesis.inputs[0];
  Forward result;
  const Sample z = Quantise(hyper_free_.defined() ? torch::lerp(data_.hyper, hyper, hyper_free_) : hyper, quantiser);
  result.hyper = torch::hardtanh(z.floor + z.part, range.low, range.high);
  const Tensor features =
      model_.hyper_synthesis.Run({result.hyper})[0].slice(2, 0, latents.size(2)).slice(3, 0, latents.size(3));
  Symbols symbols;
  result.latents = DecodePasses(latents, features, quantiser, &symbols);
  result.bits = CountHyperBits(z) + CountBits(symbols);
  Tensor scene = result.latents;
  if (!SameRect(tile_.scene, tile_.window)) {
    scene = data_.decoded.clone();
    WindowOf(scene).copy_(result.latents);
  }
  result.squares = SquaredErrors(scene);
  return result;
}

TileResult TileSearch::EvaluateNearest(const Tensor& latents, const Tensor& hyper) const {
  torch::NoGradGuard no_gradients;
  const Forward forward = Evaluate(latents, hyper, Quantiser::kNearest);
  TileResult result;
  result.latents = forward.latents;
  result.hyper = forward.hyper;
  result.bits = forward.bits.item<double>();
  result.squares = forward.squares.item<double>();
  result.loss = result.bits + lambda_ * result.squares;
  return result;
}

TileResult TileSearch::Run(const SearchOptions& options, const StepReport& report) {
  lambda_ = options.lambda;
  torch::manual_seed(options.seed);
  Descent latents(data_.start);
  Descent hyper(data_.hyper_start);
  TileResult best = EvaluateNearest(latents.value(), hyper.value());
  const int between_checks = std::max(1, options.steps / kChecks);
  bool stopped = false;
  for (int step = 1; step <= options.steps && !stopped; ++step) {
    const double part = (step - 1.0) / options.steps;
    temperature_ = TemperatureAt(part);
    const Forward forward = Evaluate(latents.value(), hyper.value(), Quantiser::kAnnealed);
    (forward.bits + lambda_ * forward.squares).backward();
    latents.Step(RateAt(part));
    hyper.Step(kHyperRate * RateAt(part));
    stopped = report(step);
    if (!stopped && step % between_checks != 0 && step != options.steps) continue;
    TileResult now = EvaluateNearest(latents.value(), hyper.value());
    if (now.loss < best.loss) best = std::move(now);
  }
  return best;
}

}  // namespace nic
