#include "objective.h"

#include <cmath>
#include <utility>

namespace nic {
namespace {

using torch::Tensor;

constexpr double kFastLambdas[] = {0.0018, 0.0035, 0.0067, 0.0130, 0.0250, 0.0483, 0.0932, 0.18};
constexpr size_t kFastLevels = std::size(kFastLambdas);

// round(x - mean) + mean, with the gradient of x.
Tensor RoundThrough(const Tensor& x, const Tensor& mean) {
  const Tensor rounded = (x - mean).detach().round() + mean.detach();
  return x + (rounded - x).detach();
}

Tensor WithNoise(const Tensor& x) { return x + torch::rand_like(x) - 0.5; }

Tensor SumPerPicture(const Tensor& x) { return x.flatten(1).sum(1); }

}  // namespace

Lambdas::Lambdas(double low, double high, int64_t levels) {
  std::vector<double> values(static_cast<size_t>(levels));
  const bool fast = values.size() == kFastLevels && low == kFastLambdas[0] && high == kFastLambdas[kFastLevels - 1];
  for (size_t i = 0; i < values.size(); ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(values.size() - 1);
    values[i] = fast ? std::log(kFastLambdas[i]) : std::log(low) * (1 - part) + std::log(high) * part;
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
  const Tensor features = network.HyperSynthesise(RoundThrough(z, network.zmu), y.size(2), y.size(3));
  const Tensor first = FirstPassMask(y.size(2), y.size(3), y.options().requires_grad(false));
  const Moments pass0 = network.FirstPass(features);
  const Moments pass1 = network.SecondPass(RoundThrough(y, pass0.mean) * first, features);
  const Tensor mean = pass0.mean * first + pass1.mean * (1 - first);
  const Tensor log_scale = pass0.log_scale * first + pass1.log_scale * (1 - first);
  const Tensor bits = SumPerPicture(GaussianBits(WithNoise(y), mean, log_scale)) +
                      SumPerPicture(GaussianBits(WithNoise(z), network.zmu, network.zls));
  return {network.Synthesise(RoundThrough(y, mean) * network.InverseGain(q)), bits};
}

Outcome RunRounded(Network& network, const Tensor& analysed, const Tensor& q) {
  const Tensor y = analysed * network.Gain(q);
  const Tensor z = RoundThrough(network.HyperAnalyse(y), network.zmu);
  const Tensor features = network.HyperSynthesise(z, y.size(2), y.size(3));
  const Tensor first = FirstPassMask(y.size(2), y.size(3), y.options().requires_grad(false));
  const Moments pass0 = network.FirstPass(features);
  const Moments pass1 = network.SecondPass(RoundThrough(y, pass0.mean) * first, features);
  const Tensor mean = pass0.mean * first + pass1.mean * (1 - first);
  const Tensor log_scale = pass0.log_scale * first + pass1.log_scale * (1 - first);
  const Tensor decoded = RoundThrough(y, mean);
  const Tensor bits =
      SumPerPicture(GaussianBits(decoded, mean, log_scale)) + SumPerPicture(GaussianBits(z, network.zmu, network.zls));
  return {network.Synthesise(decoded * network.InverseGain(q)), bits};
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
