#include "klt.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace nic {
namespace {

using torch::Tensor;

constexpr double kBranchScale = 0.02;
constexpr double kStepConstant = 26;
constexpr size_t kPictures = 200;  // about as many are looked at: more change nothing

// Sums of products of the channels of (1, C, H, W) samples, in double precision.
class Correlation {
 public:
  explicit Correlation(int64_t channels) : sums_(torch::zeros({channels, channels}, torch::kDouble)) {}
  void Add(const Tensor& samples) {
    const Tensor rows = samples.flatten(2).squeeze(0).to(torch::kDouble);
    sums_ += rows.matmul(rows.t());
  }
  // (C, C): unit vectors in rows, the strongest first.
  Tensor Basis() const { return std::get<1>(torch::linalg_eigh(sums_)).flip({1}).t().contiguous().to(torch::kFloat); }

 private:
  Tensor sums_;
};

Tensor Crop(const Picture& picture) {
  const Tensor bytes = torch::from_blob(const_cast<uint8_t*>(picture.samples.data()),
                                        {1, picture.height, picture.width, 3}, torch::kByte);
  const Tensor whole = bytes.narrow(1, 0, picture.height / 16 * 16).narrow(2, 0, picture.width / 16 * 16);
  return whole.permute({0, 3, 1, 2}).to(torch::kFloat).div(255).sub(0.5);
}

Tensor Project(const Tensor& samples, const Tensor& rows) {
  return torch::conv2d(samples, rows.unsqueeze(2).unsqueeze(3));
}

void Weaken(torch::nn::Conv2d& layer, double factor) {
  layer->weight.mul_(factor);
  layer->bias.zero_();
}

void WeakenBlocks(Numbered<Block>& blocks) {
  for (Block& block : blocks.layers) {
    Weaken(block->b, kBranchScale);
    Weaken(block->out, kBranchScale);
  }
}

void SetGains(const Lambdas& lambdas, Network& network) {
  const Tensor log_step = LogSteps(lambdas);
  network.loggain.copy_(-log_step.unsqueeze(1).expand_as(network.loggain));
  network.loginv.copy_(log_step.unsqueeze(1).expand_as(network.loginv));
}

// `rows`: (n, 4 * from) over 2x2 groups of `from` features, in the order of an unshuffle; the same over `to` features,
// with zeros for those that are not there.
Tensor ChangeWidth(const Tensor& rows, int64_t from, int64_t to) {
  const int64_t kept = std::min(from, to);
  Tensor changed = torch::zeros({rows.size(0), to, 4});
  changed.narrow(1, 0, kept).copy_(rows.view({rows.size(0), from, 4}).narrow(1, 0, kept));
  return changed.reshape({rows.size(0), 4 * to});
}

}  // namespace

void SetMatrix(torch::nn::Conv2d& layer, const Tensor& matrix) {
  const int64_t rows = std::min(matrix.size(0), layer->weight.size(0));
  const int64_t columns = std::min(matrix.size(1), layer->weight.size(1));
  layer->weight.zero_();
  layer->weight.select(3, 0)
      .select(2, 0)
      .narrow(0, 0, rows)
      .narrow(1, 0, columns)
      .copy_(matrix.narrow(0, 0, rows).narrow(1, 0, columns));
  layer->bias.zero_();
}

void ForSomePictures(const Dataset& dataset, const std::function<void(const Tensor&)>& use) {
  const size_t stride = std::max<size_t>(1, dataset.size() / kPictures);
  for (size_t i = 0; i < dataset.size(); i += stride) use(Crop(dataset.picture(i)));
}

Tensor PatchBasis(const Dataset& dataset) {
  Correlation patches(192);
  ForSomePictures(dataset, [&](const Tensor& picture) { patches.Add(torch::pixel_unshuffle(picture, 8)); });
  return patches.Basis();
}

Tensor LogSteps(const Lambdas& lambdas) { return (std::log(kStepConstant / (255.0 * 255.0)) - lambdas.logarithms) / 2; }

void StartFromKlt(const Dataset& dataset, const Lambdas& lambdas, Network& network) {
  torch::NoGradGuard no_gradients;
  const NetworkShape& shape = network.shape();
  const Tensor basis8 = PatchBasis(dataset);
  const int64_t width = std::min<int64_t>(shape.analysis_width, 192);
  const Tensor kept8 = basis8.narrow(0, 0, width);
  Correlation quads(4 * width);
  ForSomePictures(dataset, [&](const Tensor& picture) {
    quads.Add(torch::pixel_unshuffle(Project(torch::pixel_unshuffle(picture, 8), kept8), 2));
  });
  const Tensor basis16 = quads.Basis();
  const Tensor analysis = ChangeWidth(basis16, width, shape.analysis_width);
  const Tensor synthesis = ChangeWidth(basis16, width, shape.synthesis_width).narrow(0, 0, shape.latents).t();

  SetMatrix(network.e8, basis8);
  SetMatrix(network.d8, basis8.t());
  SetMatrix(network.e16, analysis);
  if (shape.linear) {
    SetMatrix(network.e_linear, analysis);
    SetMatrix(network.d_linear, synthesis);
    SetMatrix(network.d_inner, torch::eye(shape.inner_width, shape.latents));
    Weaken(network.e_inner, kBranchScale);
    Weaken(network.d16, kBranchScale);
  } else {
    SetMatrix(network.d16, synthesis);
  }
  if (shape.overlap > 0) {
    Weaken(network.e_overlap, 0);
    Weaken(network.d_overlap, 0);
  }
  for (auto& blocks : {network.eb8, network.eb16, network.db16, network.db8}) WeakenBlocks(*blocks);
  SetGains(lambdas, network);
}

}  // namespace nic
