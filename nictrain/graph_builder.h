// Builds an integer graph from layers in floating point, and runs each of them over calibration samples at once: the
// ranges that these show set the integer tensors' scales and clamps. What comes out of a layer is clamped as the
// integers will be.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "intnet/graph.h"

namespace nic {

// Where the samples of a batch of pictures lie, those left out that are far beyond the rest: gated blocks multiply, and
// may make of a rare pattern a hundred times of what any photograph gives. Taking that into the range would cost all
// photographs their precision.
struct SampleRange {
  double low = 0;   // at most 0
  double high = 0;  // at least 0
  double magnitude() const { return std::max(-low, high); }
};
SampleRange FindRange(const torch::Tensor& samples);

// A tensor of the graph with what it stands for.
struct Value {
  int number = kNoTensor;
  torch::Tensor samples;       // (B, C, H, W), real
  std::vector<int> exponents;  // per channel: integer = round(real * 2^exponent)
};

// How a convolution's result is stored.
struct ResultForm {
  bool fixed = false;  // otherwise exponent and clamp come from the samples' range
  int exponent = 0;
  int16_t low = -32768;
  int16_t high = 32767;
  static ResultForm Calibrated() { return {}; }
  static ResultForm Fixed(int exponent, int low, int high) {
    return {true, exponent, static_cast<int16_t>(low), static_cast<int16_t>(high)};
  }
};

struct LayerOptions {
  int stride = 1;
  bool depthwise = false;
  Activation activation = Activation::kNone;  // kLeakyRelu: of slope 1/8
  const Value* residual = nullptr;
  ResultForm form;
};

// The grid that a layer's weights were rounded to.
struct WeightGrid {
  torch::Tensor weight;  // as Convolve was given it
  torch::Tensor step;    // (out, in, 1, 1): what an integer weight of 1 stands for
};

// The first failure sticks: the layers after it do nothing, and Finish reports it. Values must not be used in another
// graph.
class GraphBuilder {
 public:
  // `margin`: how much wider than the samples' range a calibrated clamp is, at least 1.
  GraphBuilder(double margin, Memory& memory) : margin_(margin), graph_(memory), memory_(memory) {}

  // samples are real; the integers' bounds are [low, high].
  Value Input(const torch::Tensor& samples, int exponent, int low, int high);
  // weight (out, in, k, k), or (channels, 1, k, k) for a depthwise one; bias (out), to which goes what rounding shifts
  // on average over the samples.
  Value Convolve(const char* name, const Value& a, const torch::Tensor& weight, const torch::Tensor& bias,
                 const LayerOptions& options = {});
  Value Multiply(const char* name, const Value& a, const Value& b);
  // Block positions outermost, as the graph's: see PermuteShuffled.
  Value Shuffle(const Value& a, int factor);
  Value Unshuffle(const Value& a, int factor);
  Value Concatenate(const Value& a, const Value& b);
  void Output(const Value& value) { graph_.outputs.push_back(value.number); }

  // The grids of all convolutions so far are added to *grids.
  void CollectGrids(std::vector<WeightGrid>* grids) { grids_ = grids; }

  // Moves the graph out, checked.
  Status Finish(Graph* graph);

 private:
  int Append(Node&& node);
  void Fail(const char* name, const Status& status);
  int32_t Magnitude(int number) const { return TensorBounds(graph_, number).magnitude(); }

  double margin_;
  Graph graph_;
  Memory& memory_;
  Status status_;
  std::vector<WeightGrid>* grids_ = nullptr;
};

// Reorders PyTorch's (c, i, j) to the graph's (i, j, c): the output channels of a layer before a shuffle, and the input
// channels of one behind an unshuffle.
torch::Tensor PermuteBeforeShuffle(const torch::Tensor& weight_or_bias, int factor);
torch::Tensor PermuteAfterUnshuffle(const torch::Tensor& weight, int factor);

}  // namespace nic
