#include "intnet/layer.h"

#include <algorithm>

namespace nic {
namespace {

// 1 << (shift - 1), the rounding of a rounded shift, or 0 for no shift.
int32_t RoundOf(int shift) { return shift ? int32_t{1} << (shift - 1) : 0; }

// Everything but the constants of convolutions.
Layer DescribeLayer(const Node& node, int in_channels, Memory& memory) {
  Layer layer;
  layer.operation = node.operation;
  layer.activation = node.activation;
  layer.slope_shift = node.slope_shift;
  layer.kernel = node.kernel;
  layer.stride = node.stride;
  layer.factor = node.factor;
  layer.left_shift_a = node.left_shift_a;
  layer.left_shift_b = node.left_shift_b;
  layer.in_channels = in_channels;
  layer.channels = node.channels;
  layer.a = node.a;
  layer.b = node.b;
  layer.low = node.low;
  layer.high = node.high;
  if (node.operation == Operation::kAdd || node.operation == Operation::kMultiply) {
    layer.shift = node.shift[0];
    layer.round = RoundOf(layer.shift);
  }
  layer.table = Buffer<int16_t>(memory, node.table.size());
  std::copy(node.table.begin(), node.table.end(), layer.table.begin());
  return layer;
}

class Packer {
 public:
  Packer(const Node& node, const PackedOrder& order, Memory& memory, Layer* layer)
      : node_(node), order_(order), memory_(memory), layer_(*layer) {}

  void Pack() {
    if (order_.lanes == 0) return PackPlain();
    PackChannels();
    if (node_.operation == Operation::kConvolution) {
      PackDense();
    } else {
      PackDepthwise();
    }
  }

 private:
  void PackPlain() {
    layer_.weight = Buffer<int16_t>(memory_, node_.weight.size());
    std::copy(node_.weight.begin(), node_.weight.end(), layer_.weight.begin());
    AllocateChannels(node_.channels);
    for (int o = 0; o < node_.channels; ++o) PackChannel(o, o);
  }

  void PackChannels() {
    const int sums = order_.lanes / 2, lanes = order_.VectorsOf(node_.channels) * sums;
    AllocateChannels(lanes);
    for (int i = 0; i < lanes; ++i) {
      const int o = order_.PackedChannel(i / sums, i % sums);
      if (o < node_.channels) PackChannel(o, i);
    }
  }

  void AllocateChannels(int count) {
    layer_.bias = Buffer<int32_t>(memory_, count, 0);
    layer_.channel_shift = Buffer<int32_t>(memory_, count, 0);
    if (node_.b != kNoTensor) layer_.skip_shift = Buffer<int32_t>(memory_, count, 0);
  }

  void PackChannel(int o, int to) {
    layer_.bias[to] = node_.bias[o] + RoundOf(node_.shift[o]);
    layer_.channel_shift[to] = node_.shift[o];
    if (node_.b != kNoTensor) layer_.skip_shift[to] = node_.skip_shift[o];
  }

  void PackDense() {
    const int vectors = order_.VectorsOf(node_.channels), length = node_.kernel * layer_.in_channels;
    const int pairs = (length + 1) / 2, rows = node_.kernel;
    layer_.weight = Buffer<int16_t>(memory_, static_cast<size_t>(vectors) * order_.lanes * rows * pairs);
    to_ = layer_.weight.data();
    for (int first = 0; first < vectors; first += order_.dense_vectors) {
      const int count = std::min(order_.dense_vectors, vectors - first);
      for (int step = 0; step < rows * pairs; ++step) {
        const int row = step / pairs, at = step % pairs * 2;
        for (int i = 0; i < count; ++i)
          PackPairs(first + i, static_cast<size_t>(row) * length + at, std::min(2, length - at), rows * length);
      }
    }
  }

  void PackDepthwise() {
    const int vectors = order_.VectorsOf(node_.channels), taps = node_.kernel * node_.kernel, pairs = (taps + 1) / 2;
    layer_.weight = Buffer<int16_t>(memory_, static_cast<size_t>(vectors) * order_.lanes * pairs);
    to_ = layer_.weight.data();
    for (int first = 0; first < vectors; first += 2) {
      for (int pair = 0; pair < pairs; ++pair) {
        for (int i = 0; i < 2; ++i) PackPairs(first + i, 2 * pair, std::min(2, taps - 2 * pair), taps);
      }
    }
  }

  // One vector: for each lane's channel its weights `at` and the next if count is 2, of `per_channel`.
  void PackPairs(int vector, size_t at, int count, size_t per_channel) {
    for (int lane = 0; lane < order_.lanes / 2; ++lane, to_ += 2) {
      const int o = order_.PackedChannel(vector, lane);
      const int16_t* from = o < node_.channels ? node_.weight.data() + o * per_channel + at : nullptr;
      to_[0] = from ? from[0] : int16_t{0};
      to_[1] = from && count == 2 ? from[1] : int16_t{0};
    }
  }

  const Node& node_;
  const PackedOrder& order_;
  Memory& memory_;
  Layer& layer_;
  int16_t* to_ = nullptr;
};

}  // namespace

Layer PrepareLayer(const Node& node, int in_channels, const PackedOrder& order, Memory& memory) {
  Layer layer = DescribeLayer(node, in_channels, memory);
  const bool convolution = node.operation == Operation::kConvolution || node.operation == Operation::kDepthwise;
  if (convolution) Packer(node, order, memory, &layer).Pack();
  return layer;
}

}  // namespace nic
