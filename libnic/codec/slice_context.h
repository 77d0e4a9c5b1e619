// The entropy model of one slice, as encoder and decoder walk through it: hyper-latents, hyper-features, then pass by
// pass the means and scales of the latents (format-spec/codec.md, "Slices").
#pragma once

#include <cstdint>

#include "base/parallel.h"
#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"

namespace nic {

class SliceContext {
 public:
  // For a slice of height x width latent positions. All arguments must outlive the object.
  SliceContext(const PreparedModel& model, int64_t height, int64_t width, Parallel& parallel, Memory& memory);

  // The hyper-latent symbols z: to be filled before BeginLatents.
  TensorBuffer& hyper_latents() { return hyper_latents_; }
  // The latents decoded so far, zero elsewhere; all of them after the last pass.
  TensorBuffer& latents() { return latents_; }

  // Computes the hyper-features from the hyper-latents.
  Status BeginLatents();
  // Computes means and scale indices for a pass from what is decoded so far. Passes go in order.
  Status BeginPass(size_t pass);

  // Calls visit(latent, mean, scale) for every latent that `pass` codes, row by row, from left to right, channel by
  // channel. `latent` is a reference into latents(), to be set.
  template <typename Visit>
  void VisitPass(size_t pass, Visit&& visit) {
    const Pass& ranges = model_.decoder().passes[pass];
    for (int64_t y = 0; y < latents_.height(); ++y) {
      for (int64_t x = 0; x < latents_.width(); ++x) {
        const ChannelRange range = ranges.coded[2 * (y & 1) + (x & 1)];
        int16_t* latent = latents_.at(y, x);
        const int16_t* mean = means_.at(y, x);
        const int16_t* scale = scales_.at(y, x);
        for (int c = range.begin; c < range.end; ++c) visit(latent[c], mean[c], scale[c], Place{y, x, c});
      }
    }
  }
  struct Place {
    int64_t y;
    int64_t x;
    int channel;
  };

  // The latent of a symbol: clamp((symbol << latent_bits) + mean).
  int16_t Reconstruct(int16_t symbol, int16_t mean) const {
    const int32_t value = int32_t{symbol} * (1 << model_.decoder().latent_bits) + mean;
    const DecoderModel& limits = model_.decoder();
    return static_cast<int16_t>(value < limits.latent_low    ? limits.latent_low
                                : value > limits.latent_high ? limits.latent_high
                                                             : value);
  }

  // XXH32 of the hyper-latents and latents, each as little-endian int16 in raster order, channels innermost.
  uint32_t ComputeCheck() const;

 private:
  const PreparedModel& model_;
  Parallel& parallel_;
  Memory& memory_;
  TensorBuffer hyper_latents_;
  TensorBuffer features_;
  TensorBuffer latents_;
  TensorBuffer means_;
  TensorBuffer scales_;
};

}  // namespace nic
