// A node prepared for execution: its constants in the order that one target's kernels read them in.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "intnet/graph.h"

namespace nic {

struct Layer {
  Operation operation = Operation::kActivate;
  Activation activation = Activation::kNone;
  int slope_shift = 0;
  int kernel = 1;
  int stride = 1;
  int factor = 1;
  int left_shift_a = 0;
  int left_shift_b = 0;
  int in_channels = 0;  // of a
  int channels = 0;     // of the result
  int a = kNoTensor;
  int b = kNoTensor;
  int32_t low = -32768;
  int32_t high = 32767;
  int32_t round = 0;  // of kAdd and kMultiply, and their shift
  int32_t shift = 0;

  // The constants of a convolution. The order is the packing target's own; padding is zero.
  Buffer<int16_t> weight;
  Buffer<int32_t> bias;  // the rounding of the shift is added
  Buffer<int32_t> channel_shift;
  Buffer<int32_t> skip_shift;  // empty without a residual
  Buffer<int16_t> table;
};

// Everything but the constants of convolutions. `in_channels` are those of node.a.
Layer DescribeLayer(const Node& node, int in_channels, Memory& memory);

// 1 << (shift - 1), the rounding of a rounded shift, or 0 for no shift.
inline int32_t RoundOf(int shift) { return shift ? int32_t{1} << (shift - 1) : 0; }

}  // namespace nic
