#include "graph_builder.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "quantiser.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr int kSlopeShift = 3;

std::vector<float> ToVector(const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(torch::kCPU, torch::kFloat).contiguous();
  const auto* data = flat.data_ptr<float>();
  return {data, data + flat.numel()};
}

RealConvolution ToReal(const Tensor& weight, const Tensor& bias) {
  RealConvolution real;
  real.outputs = static_cast<int>(weight.size(0));
  real.inputs = static_cast<int>(weight.size(1));
  real.kernel = static_cast<int>(weight.size(2));
  real.weight = ToVector(weight.permute({0, 2, 3, 1}));
  real.bias = ToVector(bias);
  return real;
}

Tensor Activate(const Tensor& x, Activation activation) {
  if (activation == Activation::kRelu) return torch::relu(x);
  if (activation == Activation::kLeakyRelu) return torch::leaky_relu(x, std::ldexp(1.0, -kSlopeShift));
  return x;
}

// `node` was quantised for results of `result_exponent`.
Tensor Steps(const Node& node, int result_exponent, const std::vector<int>& input_exponents, bool depthwise) {
  const auto inputs = static_cast<int64_t>(depthwise ? 1 : input_exponents.size());
  Tensor exponents = torch::empty({node.channels, inputs, 1, 1}, torch::kFloat);
  for (int64_t o = 0; o < node.channels; ++o) {
    const int accumulator = result_exponent + node.shift[static_cast<size_t>(o)];
    for (int64_t i = 0; i < inputs; ++i) {
      exponents[o][i] = static_cast<float>(input_exponents[static_cast<size_t>(depthwise ? o : i)] - accumulator);
    }
  }
  return torch::exp2(exponents);
}

// The integers that stand for a tensor's samples, as reals. A leaky ReLU rounds towards minus infinity; one behind an
// input or a concatenation is not looked for.
Tensor Stored(const Graph& graph, const Value& value) {
  const auto inputs = static_cast<int>(graph.inputs.size());
  int number = value.number;
  const auto copies = [&](const Node& node) {
    return node.operation == Operation::kShuffle || node.operation == Operation::kUnshuffle;
  };
  while (number >= inputs && copies(graph.nodes[static_cast<size_t>(number - inputs)])) {
    number = graph.nodes[static_cast<size_t>(number - inputs)].a;
  }
  const std::vector<float> exponents(value.exponents.begin(), value.exponents.end());
  const Tensor unit = torch::exp2(torch::tensor(exponents)).view({1, -1, 1, 1});
  const Tensor scaled = value.samples * unit;
  const bool leaky =
      number >= inputs && graph.nodes[static_cast<size_t>(number - inputs)].activation == Activation::kLeakyRelu;
  const Tensor rounded = scaled.round();
  if (!leaky) return rounded / unit;
  constexpr double kSlope = 1 << kSlopeShift;
  return torch::where(scaled < 0, ((scaled * kSlope).round() / kSlope).floor(), rounded) / unit;
}

// The weights that a node has, as reals.
Tensor Weights(const Node& node, const Tensor& steps, const Tensor& weight) {
  const Tensor integers =
      torch::from_blob(const_cast<int16_t*>(node.weight.data()),
                       {weight.size(0), weight.size(2), weight.size(3), weight.size(1)}, torch::kShort);
  return integers.permute({0, 3, 1, 2}) * steps;
}

int16_t ToBound(double value) { return static_cast<int16_t>(std::clamp(value, -32768.0, 32767.0)); }

// Exponent and clamp for results that range as `samples` do before the activation.
ResultForm Calibrate(const Tensor& samples, double margin, Activation activation = Activation::kNone) {
  const SampleRange range = FindRange(samples);
  const double low = activation == Activation::kRelu ? 0 : range.low * margin;
  const double high = range.high * margin;
  ResultForm form;
  form.exponent = LargestExponent(std::max(-low, high));
  form.low = ToBound(std::floor(std::ldexp(low, form.exponent)));
  form.high = ToBound(std::ceil(std::ldexp(high, form.exponent)));
  return form;
}

Tensor Clamp(const Tensor& samples, const ResultForm& form) {
  return samples.clamp(std::ldexp(form.low, -form.exponent), std::ldexp(form.high, -form.exponent));
}

// Of the largest values of pictures: the largest that is at most kFarBeyond times the one that most stay below.
double LargestUsual(const Tensor& largest) {
  constexpr double kMost = 0.85;
  constexpr double kFarBeyond = 2;
  const Tensor sorted = std::get<0>(largest.clamp_min(0).sort());
  const auto usual = static_cast<int64_t>(kMost * static_cast<double>(sorted.size(0) - 1) + 0.5);
  return std::min(sorted[-1].item<double>(), kFarBeyond * sorted[usual].item<double>());
}

}  // namespace

SampleRange FindRange(const Tensor& samples) {
  torch::NoGradGuard no_gradients;
  return {-LargestUsual(-samples.amin({1, 2, 3})), LargestUsual(samples.amax({1, 2, 3}))};
}

void GraphBuilder::Fail(const char* name, const Status& status) {
  if (status_.ok() && !status.ok()) status_ = status.Within(name);
}

int GraphBuilder::Append(Node&& node) {
  graph_.nodes.push_back(std::move(node));
  return static_cast<int>(graph_.inputs.size() + graph_.nodes.size()) - 1;
}

Value GraphBuilder::Input(const Tensor& samples, int exponent, int low, int high) {
  const int channels = static_cast<int>(samples.size(1));
  graph_.inputs.push_back({channels, static_cast<int16_t>(low), static_cast<int16_t>(high)});
  return {static_cast<int>(graph_.inputs.size()) - 1, samples,
          std::vector<int>(static_cast<size_t>(channels), exponent)};
}

Value GraphBuilder::Convolve(const char* name, const Value& a, const Tensor& weight, const Tensor& bias,
                             const LayerOptions& options) {
  torch::NoGradGuard no_gradients;
  const int64_t groups = options.depthwise ? weight.size(0) : 1;
  const auto convolve = [&](const Tensor& samples, const Tensor& by) {
    return torch::conv2d(samples, by, {}, options.stride, weight.size(2) / 2, 1, groups);
  };
  const Tensor products = convolve(a.samples, weight);
  Tensor sums = products + bias.view({1, -1, 1, 1});
  if (options.residual) sums = sums + options.residual->samples;
  const ResultForm form = options.form.fixed ? options.form : Calibrate(sums, margin_, options.activation);

  Node node(memory_);
  node.operation = options.depthwise ? Operation::kDepthwise : Operation::kConvolution;
  node.activation = options.activation;
  node.slope_shift = options.activation == Activation::kLeakyRelu ? kSlopeShift : 0;
  node.kernel = static_cast<uint8_t>(weight.size(2));
  node.stride = static_cast<uint8_t>(options.stride);
  node.a = a.number;
  node.channels = static_cast<int>(weight.size(0));
  node.low = form.low;
  node.high = form.high;
  Surroundings around;
  around.input_exponents = a.exponents;
  around.input_magnitude = Magnitude(a.number);
  around.result_exponent = form.exponent;
  if (options.residual) {
    node.b = options.residual->number;
    around.has_residual = true;
    around.residual_exponent = options.residual->exponents[0];
    around.residual_magnitude = Magnitude(node.b);
  }
  Fail(name, QuantiseConvolution(ToReal(weight, bias), around, &node));
  if (status_.ok()) {
    const Tensor steps = Steps(node, form.exponent, a.exponents, options.depthwise);
    if (grids_) grids_->push_back({weight, steps});
    // What rounding shifts on average goes into the biases (Nagel et al. 2019, "Data-free quantization through weight
    // equalization and bias correction", section 4.2).
    const Tensor rounded = convolve(Stored(graph_, a), Weights(node, steps, weight));
    const Tensor shifted = (products - rounded).mean(std::vector<int64_t>{0, 2, 3});
    Fail(name, QuantiseConvolution(ToReal(weight, bias + shifted), around, &node));
  }
  const auto channels = static_cast<size_t>(node.channels);
  return {Append(std::move(node)), Clamp(Activate(sums, options.activation), form),
          std::vector<int>(channels, form.exponent)};
}

Value GraphBuilder::Multiply(const char* name, const Value& a, const Value& b) {
  const Tensor product = a.samples * b.samples;
  const ResultForm form = Calibrate(product, margin_);
  Node node(memory_);
  node.operation = Operation::kMultiply;
  node.a = a.number;
  node.b = b.number;
  node.channels = static_cast<int>(product.size(1));
  node.low = form.low;
  node.high = form.high;
  const int shift = a.exponents[0] + b.exponents[0] - form.exponent;
  if (shift < 0 || shift > 31) {
    Fail(name, Status::Error(NIC_MODEL_UNSAFE, Status::kNoOffset, "product: shift %d is not in 0 .. 31", shift));
  }
  node.shift.push_back(static_cast<uint8_t>(shift));
  const auto channels = static_cast<size_t>(node.channels);
  return {Append(std::move(node)), Clamp(product, form), std::vector<int>(channels, form.exponent)};
}

Value GraphBuilder::Shuffle(const Value& a, int factor) {
  const Bounds bounds = TensorBounds(graph_, a.number);
  Node node(memory_);
  node.operation = Operation::kShuffle;
  node.factor = static_cast<uint8_t>(factor);
  node.a = a.number;
  node.channels = static_cast<int>(a.samples.size(1)) / (factor * factor);
  node.low = static_cast<int16_t>(bounds.low);
  node.high = static_cast<int16_t>(bounds.high);
  const auto n = a.samples.sizes();
  const Tensor moved = a.samples.reshape({n[0], factor, factor, node.channels, n[2], n[3]})
                           .permute({0, 3, 4, 1, 5, 2})
                           .reshape({n[0], node.channels, n[2] * factor, n[3] * factor});
  const auto channels = static_cast<size_t>(node.channels);
  return {Append(std::move(node)), moved, std::vector<int>(channels, a.exponents[0])};
}

Value GraphBuilder::Unshuffle(const Value& a, int factor) {
  const Bounds bounds = TensorBounds(graph_, a.number);
  const auto n = a.samples.sizes();
  Node node(memory_);
  node.operation = Operation::kUnshuffle;
  node.factor = static_cast<uint8_t>(factor);
  node.a = a.number;
  node.channels = static_cast<int>(n[1]) * factor * factor;
  node.low = static_cast<int16_t>(bounds.low);
  node.high = static_cast<int16_t>(bounds.high);
  const Tensor moved = a.samples.reshape({n[0], n[1], n[2] / factor, factor, n[3] / factor, factor})
                           .permute({0, 3, 5, 1, 2, 4})
                           .reshape({n[0], node.channels, n[2] / factor, n[3] / factor});
  const auto channels = static_cast<size_t>(node.channels);
  return {Append(std::move(node)), moved, std::vector<int>(channels, a.exponents[0])};
}

Value GraphBuilder::Concatenate(const Value& a, const Value& b) {
  const Bounds of_a = TensorBounds(graph_, a.number);
  const Bounds of_b = TensorBounds(graph_, b.number);
  Node node(memory_);
  node.operation = Operation::kConcatenate;
  node.a = a.number;
  node.b = b.number;
  node.channels = static_cast<int>(a.exponents.size() + b.exponents.size());
  node.low = static_cast<int16_t>(std::min(of_a.low, of_b.low));
  node.high = static_cast<int16_t>(std::max(of_a.high, of_b.high));
  std::vector<int> exponents = a.exponents;
  exponents.insert(exponents.end(), b.exponents.begin(), b.exponents.end());
  return {Append(std::move(node)), torch::cat({a.samples, b.samples}, 1), exponents};
}

Status GraphBuilder::Finish(Graph* graph) {
  NIC_RETURN_IF_ERROR(status_);
  NIC_RETURN_IF_ERROR(CheckGraph(graph_));
  *graph = std::move(graph_);
  return {};
}

Tensor PermuteBeforeShuffle(const Tensor& weight_or_bias, int factor) {
  auto shape = weight_or_bias.sizes().vec();
  const int64_t channels = shape[0] / (factor * factor);
  const Tensor split = weight_or_bias.reshape({channels, factor, factor, -1});
  return split.permute({1, 2, 0, 3}).reshape(shape);
}

Tensor PermuteAfterUnshuffle(const Tensor& weight, int factor) {
  auto shape = weight.sizes().vec();
  const int64_t channels = shape[1] / (factor * factor);
  const Tensor split = weight.reshape({shape[0], channels, factor, factor, -1});
  return split.permute({0, 2, 3, 1, 4}).reshape(shape);
}

}  // namespace nic
