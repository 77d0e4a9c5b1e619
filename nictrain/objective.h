// The rate-distortion loss that a network is trained on, and the exact rate and picture that it is judged by.
#pragma once

#include <torch/types.h>

#include <vector>

#include "network.h"
#include "random.h"

namespace nic {

// Lagrangian weights of the gain levels.
struct Lambdas {
  // The first checkpoints' eight values where the ends are theirs; otherwise spaced evenly in the logarithm.
  Lambdas(double low, double high, int64_t levels);
  // (B) weights for qualities q (B), geometric between levels.
  torch::Tensor At(const torch::Tensor& q) const;
  torch::Tensor logarithms;  // (levels)
};

struct Outcome {
  torch::Tensor pictures;  // what the decoder makes of it
  torch::Tensor bits;      // (B): of latents and hyper-latents, under the model
};

// Training: rounding is straight-through for the decoder's path, and the rate is of latents with uniform noise.
Outcome RunNoisy(Network& network, const torch::Tensor& pictures, const torch::Tensor& q);
// Judging: rounding as the codec rounds.
Outcome RunRounded(Network& network, const torch::Tensor& analysed, const torch::Tensor& q);

// (B): multi-scale structural similarity (Wang et al. 2003) of pictures (B, 3, H, W) in [-0.5, 0.5], the mean of the
// three colours, over as many of its five scales as leave at least 11 samples a side.
torch::Tensor MultiScaleSimilarity(const torch::Tensor& a, const torch::Tensor& b);

struct Loss {
  torch::Tensor total;  // mean over the batch of (lambda 255^2 D + bits per pixel) / (4 sqrt(lambda))
  torch::Tensor bpp;    // mean
  torch::Tensor mse;    // (B), of samples in [0, 1]
};
// What counts beside squared error and bits.
struct LossOptions {
  // D is MSE + `similarity` (kSimilarityWeight (1 - MS-SSIM) - MSE): 0 is the squared error alone, 1 the similarity
  // alone. The weight makes both about the same at medium rates.
  double similarity = 0;
  double limit = 0;  // where it is above 0: a crop with a larger loss is weighted down so that it counts that much
};
constexpr double kSimilarityWeight = 0.05;
Loss Judge(const Outcome& outcome, const torch::Tensor& pictures, const torch::Tensor& lambda,
           const LossOptions& options = {});

// `count` qualities in [0, highest], one from each of `count` equal strata, in random order.
std::vector<float> StratifiedQualities(int64_t count, double highest, Random& random);

}  // namespace nic
