// The models' float network: a linear transform with gated residual blocks around it at 1/8 and 1/16 resolution, a
// hyperprior, and a context of two or four passes over gained latents.
//
// Module and parameter names are those of the checkpoints. Pictures are (B, 3, H, W) in [-0.5, 0.5], H and W multiples
// of 16; latents are (B, latents, H/16, W/16); hyper-latents (B, hyper_latents, ceil(H/64), ceil(W/64)).
#pragma once

#include <torch/nn.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "network_shape.h"
#include "safetensors.h"

namespace nic {

// Precision of the inner convolutions; sums along the residual path and all that is rounded stays in single precision.
enum class Precision { kSingle, kBrainHalf };

struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(int64_t channels);
  torch::Tensor forward(const torch::Tensor& x, Precision precision);
  torch::nn::Conv2d a{nullptr}, depthwise{nullptr}, b{nullptr}, gate{nullptr}, out{nullptr};
};
TORCH_MODULE(Block);

// Convolutions or blocks under the numbers that they had in a Python nn.Sequential.
template <typename Layer>
struct Numbered : torch::nn::Module {
  Layer Add(int number, Layer layer) {
    layers.push_back(this->register_module(std::to_string(number), layer));
    return layers.back();
  }
  std::vector<Layer> layers;
};

struct Moments {
  torch::Tensor mean;
  torch::Tensor log_scale;  // natural logarithm, not yet clamped to [kMinLogScale, kMaxLogScale]
};
constexpr double kMinLogScale = -2.8;
constexpr double kMaxLogScale = 5.5;

class Network : public torch::nn::Module {
 public:
  explicit Network(const NetworkShape& shape = {});

  torch::Tensor Analyse(const torch::Tensor& pictures);
  // The features at 1/8 of its first half in groups of 2x2: (B, 4 * analysis_width, H/16, W/16).
  torch::Tensor AnalyseAt8(const torch::Tensor& pictures);
  torch::Tensor Synthesise(const torch::Tensor& latents);
  // (B, latents, 1, 1) factors for qualities q (B) in [0, levels - 1]: of the encoder and of the decoder.
  torch::Tensor Gain(const torch::Tensor& q) const { return Interpolate(loggain, q); }
  torch::Tensor InverseGain(const torch::Tensor& q) const { return Interpolate(loginv, q); }
  torch::Tensor HyperAnalyse(const torch::Tensor& gained);
  // Features for a latent grid of height x width, from hyper-latents of at least ceil(height / 4) x ceil(width / 4).
  torch::Tensor HyperSynthesise(const torch::Tensor& hyper, int64_t height, int64_t width);
  // `decoded`: the latents of the passes before, zeros elsewhere; of no use to pass 0.
  Moments Predict(int64_t pass, const torch::Tensor& decoded, const torch::Tensor& features);

  const NetworkShape& shape() const { return shape_; }
  void set_precision(Precision precision) { precision_ = precision; }

  torch::nn::Conv2d e8{nullptr}, e16{nullptr}, d16{nullptr}, d8{nullptr}, par0{nullptr};
  // With `linear`: from the features at 1/8 to latents and from the blocks at 1/16 to them, and back.
  torch::nn::Conv2d e_linear{nullptr}, e_inner{nullptr}, d_linear{nullptr}, d_inner{nullptr};
  // With `overlap`: down to its rank, and a 3x3 convolution to what is added.
  torch::nn::Conv2d e_narrow{nullptr}, e_overlap{nullptr}, d_narrow{nullptr}, d_overlap{nullptr};
  std::shared_ptr<Numbered<Block>> eb8, eb16, db16, db8;
  std::shared_ptr<Numbered<torch::nn::Conv2d>> he, hd;
  std::vector<std::shared_ptr<Numbered<torch::nn::Conv2d>>> contexts;  // of pass 1 and later
  torch::Tensor loggain, loginv;                                       // (levels, latents): natural logarithms
  torch::Tensor zmu, zls;  // (1, hyper_latents, 1, 1): the hyper-latents' Gaussian

 private:
  void MakeAnalysis();
  void MakeSynthesis();
  void MakeEntropyModel();
  torch::Tensor Interpolate(const torch::Tensor& table, const torch::Tensor& q) const;

  NetworkShape shape_;
  Precision precision_ = Precision::kSingle;
};

// 1 where a pass codes, 0 elsewhere; (1, latents, height, width).
torch::Tensor PassMask(const NetworkShape& shape, int64_t pass, int64_t height, int64_t width,
                       const torch::TensorOptions& options);

// Bits of values v under Gaussians integrated over unit intervals, elementwise.
torch::Tensor GaussianBits(const torch::Tensor& v, const torch::Tensor& mean, const torch::Tensor& log_scale);

// The shape of a checkpoint's network, read from its tensors' names and sizes. NIC_MODEL_MISMATCH, naming the tensor,
// where these are no such network's.
Status InferShape(const StoredTensors& stored, NetworkShape* shape);
// Sets every parameter of `network`. A missing, unexpected or differently shaped tensor is NIC_MODEL_MISMATCH that
// names it, and the network is then unchanged.
Status LoadNetwork(const StoredTensors& stored, Network& network);
// In single precision; with `half_weights` those of the convolutions in half precision, as checkpoints that ship are.
StoredTensors StoreNetwork(const Network& network, bool half_weights = false);

}  // namespace nic
