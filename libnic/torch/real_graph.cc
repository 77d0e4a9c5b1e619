#include "torch/real_graph.h"

#include <cmath>

namespace nic {
namespace {

using torch::Tensor;

// Channels innermost, as the CPU's matrix products like it.
Tensor ChannelsLast(const Tensor& x) { return x.contiguous(torch::MemoryFormat::ChannelsLast); }

template <typename T>
Tensor Constants(const std::pmr::vector<T>& values) {
  std::vector<double> wide(values.begin(), values.end());
  return torch::tensor(wide, torch::kDouble);
}

Tensor PowersOfTwo(const std::pmr::vector<uint8_t>& exponents) { return Constants(exponents).exp2(); }

// The integers' orders of channels: block position first.
Tensor Shuffle(const Tensor& a, int64_t factor) {
  const int64_t channels = a.size(1) / (factor * factor);
  const Tensor split = a.view({a.size(0), factor, factor, channels, a.size(2), a.size(3)});
  return ChannelsLast(
      split.permute({0, 3, 4, 1, 5, 2}).reshape({a.size(0), channels, a.size(2) * factor, a.size(3) * factor}));
}

Tensor Unshuffle(const Tensor& a, int64_t factor) {
  const int64_t height = a.size(2) / factor;
  const int64_t width = a.size(3) / factor;
  const Tensor split = a.reshape({a.size(0), a.size(1), height, factor, width, factor});
  return ChannelsLast(
      split.permute({0, 3, 5, 1, 2, 4}).reshape({a.size(0), a.size(1) * factor * factor, height, width}));
}

bool IsConvolution(Operation operation) {
  return operation == Operation::kConvolution || operation == Operation::kDepthwise;
}

// A tensor for each step that changes values and is no copy: sum, clamp, activation.
double KeptValues(const Graph& graph, const Node& node, int number) {
  const Resolution resolution = TensorResolution(graph, number);
  const double scale = static_cast<double>(resolution.up) / resolution.down;
  const double steps = node.activation == Activation::kNone ? 2 : 3;
  return steps * node.channels * scale * scale;
}

}  // namespace

RealGraph::RealGraph(const Graph& graph, const torch::TensorOptions& options)
    : inputs_(graph.inputs.size()), outputs_(graph.outputs.begin(), graph.outputs.end()) {
  last_use_.assign(inputs_ + graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    const size_t number = layers_.size();
    kept_values_ += KeptValues(graph, node, static_cast<int>(inputs_ + number));
    last_use_[static_cast<size_t>(node.a)] = number;
    if (node.b != kNoTensor) last_use_[static_cast<size_t>(node.b)] = number;
    layers_.push_back(Prepare(graph, node, options));
  }
  for (const int output : outputs_) last_use_[static_cast<size_t>(output)] = layers_.size();
}

RealGraph::Layer RealGraph::Prepare(const Graph& graph, const Node& node, const torch::TensorOptions& options) {
  Layer layer;
  layer.operation = node.operation;
  layer.activation = node.activation;
  layer.slope_shift = node.slope_shift;
  layer.stride = node.stride;
  layer.factor = node.factor;
  layer.padding = node.kernel / 2;
  layer.a = node.a;
  layer.b = node.b;
  layer.low = node.low;
  layer.high = node.high;
  if (node.operation == Operation::kAdd || node.operation == Operation::kMultiply) {
    layer.scale_a = std::ldexp(1.0, node.left_shift_a - node.shift[0]);
    layer.scale_b = std::ldexp(1.0, node.left_shift_b - node.shift[0]);
  }
  if (node.operation == Operation::kLookup) layer.table = Constants(node.table).to(options);
  if (!IsConvolution(node.operation)) return layer;

  const bool depthwise = node.operation == Operation::kDepthwise;
  const int64_t in = depthwise ? 1 : TensorChannels(graph, node.a);
  layer.groups = depthwise ? node.channels : 1;
  const Tensor divisor = PowersOfTwo(node.shift);
  const Tensor weight = Constants(node.weight).view({node.channels, node.kernel, node.kernel, in});
  layer.weight = ChannelsLast((weight / divisor.view({-1, 1, 1, 1})).permute({0, 3, 1, 2}).to(options));
  layer.bias = (Constants(node.bias) / divisor).to(options);
  if (node.b != kNoTensor) {
    const Tensor skip = PowersOfTwo(node.skip_shift) / divisor;
    if (!skip.eq(1).all().item<bool>()) layer.skip = skip.view({1, -1, 1, 1}).to(options);
  }
  return layer;
}

Tensor RealGraph::Convolve(const Layer& layer, const Tensor& a, const Tensor* b) {
  const Tensor sum = torch::conv2d(a, layer.weight, layer.bias, layer.stride, layer.padding, 1, layer.groups);
  if (!b) return sum;
  return sum + (layer.skip.defined() ? *b * layer.skip : *b);
}

Tensor RealGraph::Finish(const Layer& layer, const Tensor& value, Rounding rounding) {
  const bool exact = rounding == Rounding::kExact;
  const Tensor whole = exact ? (value + 0.5).floor() : value;
  // Not clamp: the gradient of that is five passes over memory, of this one.
  const Tensor clamped = torch::hardtanh(whole, layer.low, layer.high);
  switch (layer.activation) {
    case Activation::kNone:
      return clamped;
    case Activation::kRelu:
      return clamped.relu();
    case Activation::kLeakyRelu: {
      const double slope = std::ldexp(1.0, -layer.slope_shift);
      return exact ? torch::max(clamped, (clamped * slope).floor()) : torch::leaky_relu(clamped, slope);
    }
    case Activation::kAbsolute:
      return clamped.abs().clamp_max(32767);
  }
  return clamped;
}

// Between the table's entries on a straight line.
Tensor RealGraph::LookUp(const Layer& layer, const Tensor& a) {
  const Tensor place = a.clamp(layer.low, layer.high) - layer.low;
  const Tensor below = place.detach().floor().clamp_max(std::max(0.0, layer.high - layer.low - 1));
  const Tensor index = below.to(torch::kLong);
  const Tensor next = (index + 1).clamp_max(layer.table.numel() - 1);
  const Tensor low = layer.table.index({index});
  return low + (layer.table.index({next}) - low) * (place - below);
}

Tensor RealGraph::Apply(const Layer& layer, const Tensor& a, const Tensor* b, Rounding rounding) {
  switch (layer.operation) {
    case Operation::kConvolution:
    case Operation::kDepthwise:
      return Finish(layer, Convolve(layer, a, b), rounding);
    case Operation::kShuffle:
      return Shuffle(a, layer.factor);
    case Operation::kUnshuffle:
      return Unshuffle(a, layer.factor);
    case Operation::kAdd:
      return Finish(layer, a * layer.scale_a + *b * layer.scale_b, rounding);
    case Operation::kMultiply:
      return Finish(layer, a * *b * layer.scale_a, rounding);
    case Operation::kActivate:
      return Finish(layer, a, rounding);
    case Operation::kLookup:
      return LookUp(layer, a);
    case Operation::kConcatenate:
      return torch::cat({a, *b}, 1);
  }
  return a;
}

std::vector<Tensor> RealGraph::Run(std::vector<Tensor> inputs, Rounding rounding) const {
  std::vector<Tensor> tensors = std::move(inputs);
  for (Tensor& input : tensors) input = ChannelsLast(input);
  tensors.resize(inputs_ + layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const Tensor& a = tensors[static_cast<size_t>(layer.a)];
    const Tensor* b = layer.b == kNoTensor ? nullptr : &tensors[static_cast<size_t>(layer.b)];
    tensors[inputs_ + i] = Apply(layer, a, b, rounding);
    for (const int operand : {layer.a, layer.b}) {
      if (operand != kNoTensor && last_use_[static_cast<size_t>(operand)] == i) {
        tensors[static_cast<size_t>(operand)].reset();
      }
    }
  }
  std::vector<Tensor> results;
  for (const int output : outputs_) results.push_back(tensors[static_cast<size_t>(output)]);
  return results;
}

}  // namespace nic
