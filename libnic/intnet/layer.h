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

  // The constants of a convolution, in a PackedOrder; padding is zero.
  Buffer<int16_t> weight;
  Buffer<int32_t> bias;  // the rounding of the shift is added
  Buffer<int32_t> channel_shift;
  Buffer<int32_t> skip_shift;  // empty without a residual
  Buffer<int16_t> table;
};

// The order of a convolution's constants.
//
// With vectors of `lanes` int16, or lanes / 2 sums in int32, two vectors of sums make one of results. Narrowing them
// takes four sums from either in turn, all the way; so that the results come out in the order of the channels, lane l
// of vector v of sums stands for PackedChannel(v, l). Bias and shifts lie in that order. Weights come in pairs, for
// products that are added in pairs; the second of an odd pair is zero:
// - dense: for each block of `dense_vectors` vectors (the last may have fewer), each kernel row, each pair of the row's
//   kernel * in_channels values, the block's vectors.
// - depthwise: for each pair of vectors, each pair of the kernel * kernel taps, the two vectors.
struct PackedOrder {
  int lanes = 0;  // 0: the graph's own order, nothing paired
  int dense_vectors = 0;

  constexpr int PackedChannel(int vector, int lane) const {
    return vector / 2 * lanes + lane / 4 * 8 + vector % 2 * 4 + lane % 4;
  }
  constexpr int VectorsOf(int channels) const { return (channels + lanes - 1) / lanes * 2; }
};

// `in_channels` are those of node.a.
Layer PrepareLayer(const Node& node, int in_channels, const PackedOrder& order, Memory& memory);

}  // namespace nic
