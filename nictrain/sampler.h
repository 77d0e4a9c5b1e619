// Random crops of training pictures, cut and changed on the device that the pictures lie on.
#pragma once

#include <torch/types.h>

#include <vector>

#include "dataset.h"
#include "random.h"

namespace nic {

struct CropOptions {
  int64_t side = 192;           // of the crop, in pixels
  double downscale = 0.0;       // how often, in [0, 1], a larger area is scaled down to the crop
  double smallest_scale = 0.5;  // the most that it is scaled down by
  double colour = 0.0;  // the most by which contrast and saturation change, and brightness as a part of the full range
  double chroma = 0.0;    // how often, in [0, 1], the crop's chroma is smoothed, between not at all and as 4:2:0 is
  double patterns = 0.0;  // how often, in [0, 1], an artificial pattern covers the crop or a part of it
};

class Sampler {
 public:
  // The pictures go to the device; on the CPU they stay the dataset's, which must outlive the sampler.
  Sampler(const Dataset& dataset, torch::Device device);

  // (count, 3, side, side) in [-0.5, 0.5]: random squares of random pictures, flipped and transposed at random. All
  // that is random comes from `random`. No picture may be smaller than `side`.
  torch::Tensor Draw(int64_t count, const CropOptions& options, Random& random) const;

 private:
  torch::Tensor DrawCrop(const CropOptions& options, Random& random) const;
  torch::Tensor DrawPhotograph(const CropOptions& options, Random& random) const;

  std::vector<torch::Tensor> pictures_;  // (height, width, 3), bytes
  torch::Device device_;
};

}  // namespace nic
