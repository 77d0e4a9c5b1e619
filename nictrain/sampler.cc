#include "sampler.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "pattern.h"

namespace nic {
namespace {

using torch::Tensor;

// One of eight orientations of (3, side, side): bit 0 mirrors, bit 1 turns upside down, bit 2 transposes.
Tensor Turn(Tensor crop, int turn) {
  if (turn & 4) crop = crop.transpose(1, 2);
  std::vector<int64_t> flipped;
  if (turn & 1) flipped.push_back(2);
  if (turn & 2) flipped.push_back(1);
  return flipped.empty() ? crop : crop.flip(flipped);
}

// Contrast, saturation and brightness, each changed by up to `most`; samples in [0, 255].
Tensor ChangeColour(const Tensor& crop, double most, Random& random) {
  const auto draw = [&] { return most * (2 * random.Uniform() - 1); };
  const double contrast = 1 + draw();
  const double saturation = 1 + draw();
  const double brightness = 255 * draw();
  const Tensor grey = crop.mean(0, true);
  const Tensor saturated = grey + (crop - grey) * saturation;
  return ((saturated - 127.5) * contrast + (127.5 + brightness)).round().clamp(0, 255);
}

// (3, height, width) with [1 2 1] / 4 along the given dimension, edges repeated.
Tensor Smooth(const Tensor& samples, int64_t dimension) {
  const int64_t size = samples.size(dimension);
  const Tensor first = samples.narrow(dimension, 0, 1);
  const Tensor last = samples.narrow(dimension, size - 1, 1);
  const Tensor before = torch::cat({first, samples.narrow(dimension, 0, size - 1)}, dimension);
  const Tensor after = torch::cat({samples.narrow(dimension, 1, size - 1), last}, dimension);
  return (before + 2 * samples + after) / 4;
}

// Chroma alone is smoothed, by a random part of what makes replicated 4:2:0 chroma that of interpolating decoders.
Tensor SmoothChroma(const Tensor& crop, Random& random) {
  const Tensor luma = 0.299 * crop.narrow(0, 0, 1) + 0.587 * crop.narrow(0, 1, 1) + 0.114 * crop.narrow(0, 2, 1);
  const Tensor chroma = crop - luma;
  const Tensor smooth = Smooth(Smooth(chroma, 1), 2);
  return (luma + chroma + random.Uniform() * (smooth - chroma)).round().clamp(0, 255);
}

// A place for something of random length within `side`.
struct Span {
  int64_t begin, length;
};
Span DrawSpan(int64_t side, Random& random) {
  const int64_t length = 1 + random.Below(static_cast<int>(side));
  return {random.Below(static_cast<int>(side - length + 1)), length};
}

// Over the whole crop or, as on screens, a part of it.
void CoverWithPattern(Tensor& crop, Random& random) {
  const bool whole = random.Below(2) == 0;
  const Span down = whole ? Span{0, crop.size(1)} : DrawSpan(crop.size(1), random);
  const Span across = whole ? Span{0, crop.size(2)} : DrawSpan(crop.size(2), random);
  const Tensor pattern = DrawPattern(down.length, across.length, random);
  crop.narrow(1, down.begin, down.length).narrow(2, across.begin, across.length).copy_(pattern);
}

}  // namespace

Sampler::Sampler(const Dataset& dataset, torch::Device device) : device_(device) {
  for (size_t i = 0; i < dataset.size(); ++i) {
    const Picture& picture = dataset.picture(i);
    auto* samples = const_cast<uint8_t*>(picture.samples.data());
    const Tensor bytes = torch::from_blob(samples, {picture.height, picture.width, 3}, torch::kByte);
    pictures_.push_back(bytes.to(device));
  }
}

Tensor Sampler::DrawPhotograph(const CropOptions& options, Random& random) const {
  const Tensor& picture = pictures_[static_cast<size_t>(random.Below(static_cast<int>(pictures_.size())))];
  const auto smaller = static_cast<double>(std::min(picture.size(0), picture.size(1)));
  const auto side = static_cast<double>(options.side);
  const double widest = std::min(smaller, std::floor(side / options.smallest_scale));
  const bool shrink = random.Uniform() < options.downscale && widest > side;
  const auto area = static_cast<int64_t>(shrink ? side + std::ceil(random.Uniform() * (widest - side)) : side);
  const int64_t x = random.Below(static_cast<int>(picture.size(1) - area + 1));
  const int64_t y = random.Below(static_cast<int>(picture.size(0) - area + 1));
  const int turn = random.Below(8);
  Tensor crop = picture.narrow(0, y, area).narrow(1, x, area).permute({2, 0, 1}).to(torch::kFloat);
  if (area != options.side) {
    const Tensor small =
        at::_upsample_bilinear2d_aa(crop.contiguous().unsqueeze(0), {options.side, options.side}, false);
    crop = small.squeeze(0).round().clamp(0, 255);
  }
  crop = Turn(crop, turn);
  if (options.chroma > 0 && random.Uniform() < options.chroma) crop = SmoothChroma(crop, random);
  return options.colour > 0 ? ChangeColour(crop, options.colour, random) : crop;
}

Tensor Sampler::DrawCrop(const CropOptions& options, Random& random) const {
  Tensor crop = DrawPhotograph(options, random);
  if (options.patterns > 0 && random.Uniform() < options.patterns) CoverWithPattern(crop, random);
  return crop;
}

Tensor Sampler::Draw(int64_t count, const CropOptions& options, Random& random) const {
  Tensor crops = torch::empty({count, 3, options.side, options.side}, torch::TensorOptions(device_));
  for (int64_t i = 0; i < count; ++i) crops[i].copy_(DrawCrop(options, random));
  return crops.div_(255).sub_(0.5);
}

}  // namespace nic
