// From a convolution in floating point to one of an integer graph: power-of-two scales, weights as wide as the proof
// against overflow allows.
//
// An integer tensor stands for real values by an exponent: integer = round(real * 2^exponent).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "intnet/graph.h"

namespace nic {

// Weights in the order of Node::weight, out-channel outermost: [out][i][j][in], or [out][i][j] for a depthwise one.
struct RealConvolution {
  int outputs = 0;
  int inputs = 0;  // of each filter: 1 for a depthwise one
  int kernel = 1;
  std::vector<float> weight;
  std::vector<float> bias;
};

// What the accumulators meet.
struct Surroundings {
  std::span<const int> input_exponents;  // per input channel; per output channel for a depthwise one
  int32_t input_magnitude = 0;           // largest |integer|
  int result_exponent = 0;
  bool has_residual = false;
  int residual_exponent = 0;
  int32_t residual_magnitude = 0;
};

// Fills weight, bias, shift and skip_shift of `node`. For each output channel the accumulator's exponent is the largest
// for which the weights fit int16 and no sum can overflow. NIC_MODEL_UNSAFE where not even weights of a few bits do.
Status QuantiseConvolution(const RealConvolution& real, const Surroundings& surroundings, Node* node);

// The largest exponent for which |real| <= magnitude stays within int16, in [-15, 30].
int LargestExponent(double magnitude);

// Bits of the largest weight of each output channel, the sign counted.
std::vector<int> WeightBits(const Node& node);

}  // namespace nic
