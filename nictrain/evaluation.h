// A network judged on whole pictures: real rounding, the model's own estimate of the bits, 8-bit output.
#pragma once

#include <functional>
#include <vector>

#include "base/status.h"
#include "tools/curve.h"
#include "dataset.h"
#include "network.h"

namespace nic {

// (1, 3, H, W) in [-0.5, 0.5], the edges repeated up to multiples of 16.
torch::Tensor ToPaddedTensor(const Picture& picture);
// The decoder's 8-bit picture out of the upper left corner of (1, 3, H, W).
Picture ToPicture(const torch::Tensor& tensor, int width, int height);
// In dB, over all samples of two pictures of one size; 99 for equal ones.
double Psnr(const Picture& a, const Picture& b);

// What the codec makes of a picture at a quality in [0, levels - 1].
Picture PassThrough(Network& network, const Picture& picture, double quality, torch::Device device);

// Means over the pictures, one point for each quality in [0, levels - 1]. `progress` is called after every picture.
std::vector<tools::CurvePoint> Evaluate(Network& network, const Dataset& pictures, const std::vector<double>& qualities,
                                torch::Device device, const std::function<void(size_t)>& progress);

}  // namespace nic
