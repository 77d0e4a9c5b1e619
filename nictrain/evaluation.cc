#include "evaluation.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "objective.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr int kGrid = 16;

int64_t PadTo(int64_t size) { return (kGrid - size % kGrid) % kGrid; }

}  // namespace

Tensor ToPaddedTensor(const Picture& picture) {
  const Tensor bytes = torch::from_blob(const_cast<uint8_t*>(picture.samples.data()),
                                        {1, picture.height, picture.width, 3}, torch::kByte);
  const Tensor values = bytes.permute({0, 3, 1, 2}).to(torch::kFloat).div(255).sub(0.5);
  return torch::replication_pad2d(values, {0, PadTo(picture.width), 0, PadTo(picture.height)});
}

Picture ToPicture(const Tensor& tensor, int width, int height) {
  const Tensor bytes = tensor.narrow(2, 0, height)
                           .narrow(3, 0, width)
                           .add(0.5)
                           .mul(255)
                           .round()
                           .clamp(0, 255)
                           .to(torch::kCPU, torch::kByte)
                           .permute({0, 2, 3, 1})
                           .contiguous();
  const auto* samples = bytes.data_ptr<uint8_t>();
  return {width, height, {samples, samples + bytes.numel()}};
}

double Psnr(const Picture& a, const Picture& b) {
  uint64_t sum = 0;
  for (size_t i = 0; i < a.samples.size(); ++i) {
    const int difference = a.samples[i] - b.samples[i];
    sum += static_cast<uint64_t>(difference * difference);
  }
  if (sum == 0) return 99;
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.samples.size()) / static_cast<double>(sum));
}

Picture PassThrough(Network& network, const Picture& picture, double quality, torch::Device device) {
  torch::NoGradGuard no_gradients;
  const Tensor q = torch::full({1}, quality, torch::TensorOptions(device));
  const Outcome outcome = RunRounded(network, network.Analyse(ToPaddedTensor(picture).to(device)), q);
  return ToPicture(outcome.pictures, picture.width, picture.height);
}

std::vector<tools::CurvePoint> Evaluate(Network& network, const Dataset& pictures, const std::vector<double>& qualities,
                                torch::Device device, const std::function<void(size_t)>& progress) {
  torch::NoGradGuard no_gradients;
  std::vector<tools::CurvePoint> points(qualities.size(), {"", 0, 0});
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Picture& original = pictures.picture(i);
    const Tensor analysed = network.Analyse(ToPaddedTensor(original).to(device));
    for (size_t j = 0; j < qualities.size(); ++j) {
      const Tensor q = torch::full({1}, qualities[j], torch::TensorOptions(device));
      const Outcome outcome = RunRounded(network, analysed, q);
      const Picture decoded = ToPicture(outcome.pictures, original.width, original.height);
      points[j].bpp += outcome.bits.item<double>() / (static_cast<double>(original.width) * original.height);
      points[j].psnr += Psnr(original, decoded);
    }
    if (progress) progress(i + 1);
  }
  for (tools::CurvePoint& point : points) {
    point.bpp /= static_cast<double>(pictures.size());
    point.psnr /= static_cast<double>(pictures.size());
  }
  return points;
}

}  // namespace nic
