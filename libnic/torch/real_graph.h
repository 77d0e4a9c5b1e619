// A graph of the integer program as LibTorch operations over real numbers, in the integers' own units: what it computes
// differs from the integers by their roundings alone, and has gradients.
#pragma once

#include <torch/types.h>

#include <vector>

#include "intnet/graph.h"

namespace nic {

enum class Rounding {
  kNone,   // for gradients
  kExact,  // as the integer program rounds: its very numbers where tensors are in double precision; no gradients
};

// Tensors are (1, channels, height, width), of the type and on the device that the constants were made for.
class RealGraph {
 public:
  // The graph is not referred to afterwards. It must have passed CheckGraph.
  RealGraph(const Graph& graph, const torch::TensorOptions& options);

  // One tensor for each output. Inputs must lie within the graph's bounds for the results to be meaningful.
  std::vector<torch::Tensor> Run(std::vector<torch::Tensor> inputs, Rounding rounding = Rounding::kNone) const;

  // About how many values a run holds for its gradients, for each sample position of its inputs.
  double kept_values() const { return kept_values_; }

 private:
  struct Layer {
    Operation operation = Operation::kActivate;
    Activation activation = Activation::kNone;
    int slope_shift = 0;
    int64_t stride = 1;
    int64_t factor = 1;
    int64_t groups = 1;
    int64_t padding = 0;
    int a = kNoTensor;
    int b = kNoTensor;
    double low = 0;
    double high = 0;
    double scale_a = 1;  // of the operands of additions; of the product
    double scale_b = 1;
    torch::Tensor weight;  // convolutions: scaled by their shifts
    torch::Tensor bias;
    torch::Tensor skip;   // (1, channels, 1, 1): what a residual is multiplied by; undefined where all are 1
    torch::Tensor table;  // look-ups
  };

  static Layer Prepare(const Graph& graph, const Node& node, const torch::TensorOptions& options);
  static torch::Tensor Convolve(const Layer& layer, const torch::Tensor& a, const torch::Tensor* b);
  static torch::Tensor Finish(const Layer& layer, const torch::Tensor& value, Rounding rounding);
  static torch::Tensor LookUp(const Layer& layer, const torch::Tensor& a);
  static torch::Tensor Apply(const Layer& layer, const torch::Tensor& a, const torch::Tensor* b, Rounding rounding);

  size_t inputs_ = 0;
  std::vector<Layer> layers_;
  std::vector<int> outputs_;
  std::vector<size_t> last_use_;  // by tensor: the layer after which nothing reads it; layers_.size() for outputs
  double kept_values_ = 0;
};

}  // namespace nic
