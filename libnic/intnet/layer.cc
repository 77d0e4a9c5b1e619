#include "intnet/layer.h"

#include <algorithm>

namespace nic {

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

}  // namespace nic
