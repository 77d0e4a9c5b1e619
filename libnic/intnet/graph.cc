#include "intnet/graph.h"

#include <algorithm>

namespace nic {
namespace {

int16_t Activate(Activation activation, int slope_shift, int32_t value) {
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      return static_cast<int16_t>(std::max(value, 0));
    case Activation::kLeakyRelu:
      return static_cast<int16_t>(std::max(value, value >> slope_shift));
    case Activation::kAbsolute:
      return static_cast<int16_t>(std::min(value < 0 ? -value : value, 32767));
  }
  return static_cast<int16_t>(value);
}

Bounds ActivatedBounds(const Node& node) {
  const int32_t low = Activate(node.activation, node.slope_shift, node.low);
  const int32_t high = Activate(node.activation, node.slope_shift, node.high);
  if (node.activation != Activation::kAbsolute) return {low, high};  // the others are monotone
  const bool crosses_zero = node.low <= 0 && node.high >= 0;
  return {crosses_zero ? 0 : std::min(low, high), std::max(low, high)};
}

Bounds TableBounds(const Node& node) {
  if (node.table.empty()) return {};
  const auto [low, high] = std::minmax_element(node.table.begin(), node.table.end());
  return {*low, *high};
}

}  // namespace

Bounds TensorBounds(const Graph& graph, int number) {
  const int inputs = static_cast<int>(graph.inputs.size());
  if (number < inputs) return {graph.inputs[number].low, graph.inputs[number].high};
  const Node& node = graph.nodes[number - inputs];
  return node.operation == Operation::kLookup ? TableBounds(node) : ActivatedBounds(node);
}

int TensorChannels(const Graph& graph, int number) {
  const int inputs = static_cast<int>(graph.inputs.size());
  return number < inputs ? graph.inputs[number].channels : graph.nodes[number - inputs].channels;
}

Resolution NodeResolution(const Node& node, Resolution a) {
  switch (node.operation) {
    case Operation::kConvolution:
      return {a.up, a.down * node.stride};
    case Operation::kShuffle:
      return {a.up * node.factor, a.down};
    case Operation::kUnshuffle:
      return {a.up, a.down * node.factor};
    default:
      return a;
  }
}

Resolution TensorResolution(const Graph& graph, int number) {
  const int inputs = static_cast<int>(graph.inputs.size());
  Resolution resolution;
  while (number >= inputs) {  // a tensor has the resolution of its node's first operand, changed by the node
    const Node& node = graph.nodes[number - inputs];
    resolution = NodeResolution(node, resolution);
    number = node.a;
  }
  return resolution;
}

namespace {

// Positions of tensor `number` for each position of the inputs.
double RelativeArea(const Graph& graph, int number) {
  const Resolution resolution = TensorResolution(graph, number);
  const double scale = static_cast<double>(resolution.up) / resolution.down;
  return scale * scale;
}

}  // namespace

double CountMacs(const Graph& graph) {
  double macs = 0;
  const int inputs = static_cast<int>(graph.inputs.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.operation != Operation::kConvolution && node.operation != Operation::kDepthwise) continue;
    macs += static_cast<double>(node.weight.size()) * RelativeArea(graph, inputs + static_cast<int>(i));
  }
  return macs;
}

double CountWork(const Graph& graph) {
  double samples = 0;
  const int inputs = static_cast<int>(graph.inputs.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    samples += graph.nodes[i].channels * RelativeArea(graph, inputs + static_cast<int>(i));
  }
  return CountMacs(graph) + kSampleWork * samples;
}

}  // namespace nic
