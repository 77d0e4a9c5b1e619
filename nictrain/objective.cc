#include "objective.h"

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

Loss Judge(const Outcome& outcome, const Tensor& pictures, const Tensor& lambda) {
  const Tensor mse = (outcome.pictures - pictures).square().flatten(1).mean(1);
  const Tensor bpp = outcome.bits / static_cast<double>(pictures.size(2) * pictures.size(3));
  const Tensor each = (lambda * (255.0 * 255.0) * mse + bpp) / (4 * lambda.sqrt());
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
