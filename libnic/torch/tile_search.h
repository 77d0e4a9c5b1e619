// Gradient descent on the latents of one tile of a picture: stochastic Gumbel annealing (Yang, Bamler, Mandt: Improving
// Inference for Neural Image Compression, 2020) with odds of rounding that are a scaled logit of the value's place between
// its neighbours (Perugachi-Diaz, Gansekoele, Bhulai: Robustly overfitting latents for flexible neural image compression,
// 2024) and the costs of the model's own tables.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "intnet/program.h"
#include "model/model.h"
#include "torch/real_deblocking.h"
#include "torch/real_model.h"

namespace nic {

// What a tile consists of, in latent positions of the picture.
struct Tile {
  Rect slice;   // the entropy model sees nothing outside it
  Rect inner;   // latents that are searched for
  Rect window;  // inner and its surroundings in the slice: latents whose cost counts
  Rect scene;   // inner and its surroundings in the picture: latents that are synthesised
};

// Everything but the tile's place. Tensors are (1, channels, height, width); latents count in quantiser steps.
struct TileData {
  torch::Tensor start;        // window: analysed latents
  torch::Tensor decoded;      // scene: latents as decoded so far; what is outside `inner` stays
  torch::Tensor hyper;        // window: hyper-latent symbols so far; what is outside `inner` stays
  torch::Tensor hyper_start;  // window: hyper-latents before rounding
  torch::Tensor pixels;       // scene: 0..255, of one channel or three
  torch::Tensor weight;       // scene: (1, 1, height, width), 1 for pixels whose error counts, 0 for others
};

// All values whole: what the integers will make of them, up to their roundings.
struct TileResult {
  torch::Tensor latents;  // window: decoded latents
  torch::Tensor hyper;    // window: symbols
  double bits = 0;
  double squares = 0;  // sum of squared errors of the samples
  double loss = 0;     // bits + lambda * squares
};

struct SearchOptions {
  double lambda = 0;
  int steps = 0;
  uint64_t seed = 1;
};

// Called after each step; true ends the search.
using StepReport = std::function<bool(int step)>;

class TileSearch {
 public:
  // What is referred to must outlive the object. `deblocking` may be null.
  TileSearch(const DecoderModel& decoder, const RealModel& model, const RealDeblocking* deblocking,
             const torch::Tensor& inverse_gain, const Tile& tile, const TileData& data);

  // The best that was found, which is never worse than the start by its own measure.
  TileResult Run(const SearchOptions& options, const StepReport& report);

 private:
  enum class Quantiser { kAnnealed, kNearest };
  struct Sample;
  struct Symbols;
  struct Forward;

  Sample Quantise(const torch::Tensor& x, Quantiser quantiser) const;
  Forward Evaluate(const torch::Tensor& latents, const torch::Tensor& hyper, Quantiser quantiser) const;
  torch::Tensor CountHyperBits(const Sample& symbol) const;
  torch::Tensor CountBits(const Symbols& symbols) const;
  torch::Tensor DecodePasses(const torch::Tensor& latents, const torch::Tensor& features, Quantiser quantiser,
                             Symbols* symbols) const;
  torch::Tensor WindowOf(const torch::Tensor& scene) const;
  torch::Tensor SquaredErrors(const torch::Tensor& decoded) const;
  TileResult EvaluateNearest(const torch::Tensor& latents, const torch::Tensor& hyper) const;

  const DecoderModel& decoder_;
  const RealDeblocking* const deblocking_;
  const RealModel& model_;
  const torch::Tensor& inverse_gain_;
  Tile tile_;
  TileData data_;
  std::vector<torch::Tensor> pass_masks_;  // 1 where a pass codes
  torch::Tensor free_;                     // window: 1 for latents of `inner`; undefined if all are
  torch::Tensor hyper_free_;
  double lambda_ = 0;
  double temperature_ = 0;
};

}  // namespace nic
