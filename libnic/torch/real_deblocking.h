// Deblocking (format-spec/codec.md, section 6.1) as LibTorch sees it, with gradients to the samples.
#pragma once

#include <torch/types.h>

#include "model/model.h"

namespace nic {

// The filters of one level. Samples are real numbers in the integers' units: nothing is rounded, and a line's class is a
// constant for gradients.
class RealDeblocking {
 public:
  RealDeblocking(const DeblockingModel& model, const DecoderModel& decoder, int level,
                 const torch::TensorOptions& options);

  // v: (B, C, H, W), of which the first sample is a latent's first; filtered, of the same size.
  torch::Tensor Run(const torch::Tensor& v) const;

 private:
  torch::Tensor FilterRows(const torch::Tensor& v) const;

  int64_t latent_factor_;
  torch::Tensor activity_, step_;  // thresholds
  torch::Tensor weights_;          // (kinds x classes, 8, 8)
};

}  // namespace nic
