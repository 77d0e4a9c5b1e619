#include "objective.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nic {
namespace {

using torch::Tensor;

// Of the first checkpoints, which are not quite evenly spaced.
constexpr double kFirstLambdas[] = {0.0018, 0.0035, 0.0067, 0.0130, 0.0250, 0.0483, 0.0932, 0.18};
constexpr size_t kFirstLevels = std::size(kFirstLambdas);

// round(x - mean) + mean, with the gradient of x.
Tensor RoundThrough(const Tensor& x, const Tensor& mean) {
  const Tensor rounded = (x - mean).detach().round() + mean.detach();
  return x + (rounded - x).detach();
}

Tensor WithNoise(const Tensor& x) { return x + torch::rand_like(x) - 0.5; }

struct Coded {
  Moments moments;
  Tensor decoded;
};

// All passes over latents y, as the decoder goes through them.
Coded CodeLatents(Network& network, const Tensor& y, const Tensor& z) {
  const Tensor features = network.HyperSynthesise(z, y.size(2), y.size(3));
  const auto options = y.options().requires_grad(false);
  Coded all;
  for (int64_t pass = 0; pass < network.shape().passes; ++pass) {
    const Tensor mask = PassMask(network.shape(), pass, y.size(2), y.size(3), options);
    const Moments moments = network.Predict(pass, all.decoded, features);
    const Tensor decoded = RoundThrough(y, moments.mean) * mask;
    all.decoded = pass == 0 ? decoded : all.decoded + decoded;
    const Moments here = {moments.mean * mask, moments.log_scale * mask};
    all.moments = pass == 0 ? here : Moments{all.moments.mean + here.mean, all.moments.log_scale + here.log_scale};
  }
  return all;
}

Tensor SumPerPicture(const Tensor& x) { return x.flatten(1).sum(1); }

constexpr double kScaleWeights[] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr int64_t kWindow = 11;
constexpr double kWindowDeviation = 1.5;

// (3, 1, 11, 1), one Gaussian for each colour.
Tensor SimilarityWindow(const torch::TensorOptions& options) {
  const Tensor place = torch::arange(kWindow, options) - static_cast<double>(kWindow / 2);
  const Tensor bell = (place.square() / (-2 * kWindowDeviation * kWindowDeviation)).exp();
  return (bell / bell.sum()).view({1, 1, kWindow, 1}).expand({3, 1, kWindow, 1});
}

struct Similarity {
  Tensor luminance, structure;
};

Similarity Compare(const Tensor& x, const Tensor& y, const Tensor& window) {
  const auto blur = [&](const Tensor& t) {
    const Tensor down = torch::conv2d(t, window, {}, 1, at::IntArrayRef{0}, 1, 3);
    return torch::conv2d(down, window.transpose(2, 3), {}, 1, at::IntArrayRef{0}, 1, 3);
  };
  constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
  const Tensor mx = blur(x), my = blur(y);
  const Tensor vx = blur(x * x) - mx * mx, vy = blur(y * y) - my * my, covariance = blur(x * y) - mx * my;
  return {(2 * mx * my + kC1) / (mx * mx + my * my + kC1), (2 * covariance + kC2) / (vx + vy + kC2)};
}

}  // namespace

Lambdas::Lambdas(double low, double high, int64_t levels) {
  std::vector<double> values(static_cast<size_t>(levels));
  const bool first =
      values.size() == kFirstLevels && low == kFirstLambdas[0] && high == kFirstLambdas[kFirstLevels - 1];
  for (size_t i = 0; i < values.size(); ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(values.size() - 1);
    values[i] = first ? std::log(kFirstLambdas[i]) : std::log(low) * (1 - part) + std::log(high) * part;
  }
  logarithms = torch::tensor(values, torch::kDouble).to(torch::kFloat);
}

Tensor Lambdas::At(const Tensor& q) const {
  const Tensor table = logarithms.to(q.device());
  const Tensor level = q.floor().clamp(0, static_cast<double>(table.size(0) - 2));
  const Tensor fraction = q - level;
  const Tensor index = level.to(torch::kLong);
  return (table.index_select(0, index) * (1 - fraction) + table.index_select(0, index + 1) * fraction).exp();
}

Outcome RunNoisy(Network& network, const Tensor& pictures, const Tensor& q) {
  const Tensor y = network.Analyse(pictures) * network.Gain(q);
  const Tensor z = network.HyperAnalyse(y);
  const Coded coded = CodeLatents(network, y, RoundThrough(z, network.zmu));
  const Tensor bits = SumPerPicture(GaussianBits(WithNoise(y), coded.moments.mean, coded.moments.log_scale)) +
                      SumPerPicture(GaussianBits(WithNoise(z), network.zmu, network.zls));
  return {network.Synthesise(coded.decoded * network.InverseGain(q)), bits};
}

Outcome RunRounded(Network& network, const Tensor& analysed, const Tensor& q) {
  const Tensor y = analysed * network.Gain(q);
  const Tensor z = RoundThrough(network.HyperAnalyse(y), network.zmu);
  const Coded coded = CodeLatents(network, y, z);
  const Tensor bits = SumPerPicture(GaussianBits(coded.decoded, coded.moments.mean, coded.moments.log_scale)) +
                      SumPerPicture(GaussianBits(z, network.zmu, network.zls));
  return {network.Synthesise(coded.decoded * network.InverseGain(q)), bits};
}

Tensor MultiScaleSimilarity(const Tensor& a, const Tensor& b) {
  const Tensor window = SimilarityWindow(a.options().requires_grad(false));
  const int64_t smaller = std::min(a.size(2), a.size(3));
  size_t scales = 1;
  while (scales < std::size(kScaleWeights) && (smaller >> scales) >= kWindow) ++scales;
  Tensor x = a + 0.5, y = b + 0.5, product;
  double weights = 0;
  for (size_t scale = 0; scale < scales; ++scale) weights += kScaleWeights[scale];
  for (size_t scale = 0; scale < scales; ++scale) {
    const Similarity similarity = Compare(x, y, window);
    const bool last = scale + 1 == scales;
    const Tensor term = last ? similarity.structure * similarity.luminance : similarity.structure;
    const Tensor power = term.mean({2, 3}).clamp_min(1e-6).pow(kScaleWeights[scale] / weights);
    product = scale == 0 ? power : product * power;
    x = torch::avg_pool2d(x, 2);
    y = torch::avg_pool2d(y, 2);
  }
  return product.mean(1);
}

Loss Judge(const Outcome& outcome, const Tensor& pictures, const Tensor& lambda, const LossOptions& options) {
  const Tensor error = outcome.pictures - pictures;
  const Tensor mse = error.square().flatten(1).mean(1);
  const Tensor bpp = outcome.bits / static_cast<double>(pictures.size(2) * pictures.size(3));
  Tensor distortion = mse;
  if (options.similarity > 0) {
    const Tensor unlike = kSimilarityWeight * (1 - MultiScaleSimilarity(outcome.pictures, pictures));
    distortion = mse * (1 - options.similarity) + unlike * options.similarity;
  }
  Tensor each = (lambda * (255.0 * 255.0) * distortion + bpp) / (4 * lambda.sqrt());
  if (options.limit > 0) each = each * (options.limit / each.detach()).clamp_max(1);
  return {each.mean(), bpp.detach().mean(), mse.detach()};
}

std::vector<float> StratifiedQualities(int64_t count, double highest, Random& random) {
  std::vector<float> qualities(static_cast<size_t>(count));
  for (size_t i = 0; i < qualities.size(); ++i) {
    const double part = (static_cast<double>(i) + random.Uniform()) / static_cast<double>(count);
    qualities[i] = static_cast<float>(part * highest);
  }
  for (size_t i = qualities.size(); i > 1; --i) {
    std::swap(qualities[i - 1], qualities[static_cast<size_t>(random.Below(static_cast<int>(i)))]);
  }
  return qualities;
}

}  // namespace nic
