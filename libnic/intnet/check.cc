// CheckGraph (graph.h): what a loader must refuse (format-spec/integer-networks.md, "Well-formed graphs").
#include <algorithm>
#include <cstdlib>

#include "intnet/graph.h"

namespace nic {
namespace {

constexpr int64_t kSumLimit = int64_t{1} << 31;  // every sum's magnitude is proven to be less

struct Tensor {
  int channels = 0;
  Bounds bounds;
  Resolution resolution;
};

bool IsConvolution(const Node& node) {
  return node.operation == Operation::kConvolution || node.operation == Operation::kDepthwise;
}

bool IsCopy(const Node& node) {
  return node.operation == Operation::kShuffle || node.operation == Operation::kUnshuffle ||
         node.operation == Operation::kConcatenate;
}

int64_t RoundOf(int shift) { return shift ? int64_t{1} << (shift - 1) : 0; }

// Checks one node after another; `tensors` holds those that exist so far.
class Checker {
 public:
  explicit Checker(const Graph& graph) : graph_(graph), tensors_(graph.nodes.get_allocator()) {}

  Status Check() {
    NIC_RETURN_IF_ERROR(CheckSizes());
    tensors_.reserve(graph_.inputs.size() + graph_.nodes.size());
    for (size_t i = 0; i < graph_.inputs.size(); ++i) NIC_RETURN_IF_ERROR(CheckInput(i));
    for (number_ = 0; number_ < graph_.nodes.size(); ++number_) NIC_RETURN_IF_ERROR(CheckNode(graph_.nodes[number_]));
    return CheckOutputs();
  }

 private:
  Status Malformed(const char* field, int64_t value) const {
    return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "node %zu: %s: %lld is not allowed", number_, field,
                         static_cast<long long>(value));
  }
  Status WrongSize(const char* field, size_t size, uint64_t expected) const {
    if (size == expected) return {};
    return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "node %zu: %s: %zu entries instead of %llu", number_,
                         field, size, static_cast<unsigned long long>(expected));
  }
  Status Unsafe(const char* field, int channel, int64_t sum) const {
    return Status::Error(NIC_MODEL_UNSAFE, Status::kNoOffset,
                         "node %zu: %s: a sum in channel %d may reach %lld, which is not below 2^31", number_, field,
                         channel, static_cast<long long>(sum));
  }
  Status Require(bool fine, const char* field, int64_t value) const {
    return fine ? Status() : Malformed(field, value);
  }

  Status CheckSizes() const {
    const auto refuse = [](const char* field, size_t size) {
      return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "graph: %s: %zu entries are not allowed", field,
                           size);
    };
    if (graph_.inputs.empty() || graph_.inputs.size() > kMaximalInputs) return refuse("inputs", graph_.inputs.size());
    if (graph_.nodes.size() > kMaximalNodes) return refuse("nodes", graph_.nodes.size());
    if (graph_.outputs.empty() || graph_.outputs.size() > kMaximalOutputs)
      return refuse("outputs", graph_.outputs.size());
    return {};
  }

  Status CheckInput(size_t i) {
    const GraphInput& input = graph_.inputs[i];
    if (input.channels < 1 || input.channels > kMaximalChannels)
      return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "input %zu: channels: %d is not allowed", i,
                           input.channels);
    if (input.low > input.high)
      return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "input %zu: low: %d is above high %d", i, input.low,
                           input.high);
    tensors_.push_back({input.channels, {input.low, input.high}, {1, 1}});
    return {};
  }

  Status CheckNode(const Node& node) {
    NIC_RETURN_IF_ERROR(CheckCommon(node));
    NIC_RETURN_IF_ERROR(CheckUnused(node));
    NIC_RETURN_IF_ERROR(CheckOperation(node));
    return AddTensor(node);
  }

  Status CheckCommon(const Node& node) const {
    const int operation = static_cast<int>(node.operation);
    NIC_RETURN_IF_ERROR(Require(operation >= 1 && operation <= 9, "operation", operation));
    const int activation = static_cast<int>(node.activation);
    NIC_RETURN_IF_ERROR(Require(activation >= 0 && activation <= 3, "activation", activation));
    const bool leaky = node.activation == Activation::kLeakyRelu;
    NIC_RETURN_IF_ERROR(Require(leaky ? node.slope_shift >= 1 && node.slope_shift <= 15 : node.slope_shift == 0,
                                "slope_shift", node.slope_shift));
    NIC_RETURN_IF_ERROR(Require(node.channels >= 1 && node.channels <= kMaximalChannels, "channels", node.channels));
    NIC_RETURN_IF_ERROR(Require(node.low <= node.high, "low", node.low));
    const int count = static_cast<int>(tensors_.size());
    NIC_RETURN_IF_ERROR(Require(node.a >= 0 && node.a < count, "a", node.a));
    return CheckSecondOperand(node, count);
  }

  Status CheckSecondOperand(const Node& node, int count) const {
    const bool needed = node.operation == Operation::kAdd || node.operation == Operation::kMultiply ||
                        node.operation == Operation::kConcatenate;
    if (node.b == kNoTensor) return Require(!needed, "b", node.b);
    NIC_RETURN_IF_ERROR(Require(needed || IsConvolution(node), "b", node.b));
    NIC_RETURN_IF_ERROR(Require(node.b >= 0 && node.b < count, "b", node.b));
    const Resolution result = NodeResolution(node, tensors_[node.a].resolution), b = tensors_[node.b].resolution;
    const bool same = result.up == b.up && result.down == b.down;
    NIC_RETURN_IF_ERROR(Require(same, "b", node.b));
    if (node.operation == Operation::kConcatenate) return {};
    return Require(tensors_[node.b].channels == node.channels, "b", node.b);
  }

  // What an operation has no use for holds its initial value, so that one graph has one description.
  Status CheckUnused(const Node& node) const {
    const bool scaled = node.operation == Operation::kAdd || node.operation == Operation::kMultiply;
    if (!IsConvolution(node)) {
      NIC_RETURN_IF_ERROR(Require(node.kernel == 1, "kernel", node.kernel));
      NIC_RETURN_IF_ERROR(WrongSize("weight", node.weight.size(), 0));
      NIC_RETURN_IF_ERROR(WrongSize("bias", node.bias.size(), 0));
      NIC_RETURN_IF_ERROR(WrongSize("shift", node.shift.size(), scaled ? 1 : 0));
    }
    if (!IsConvolution(node) || node.b == kNoTensor)
      NIC_RETURN_IF_ERROR(WrongSize("skip_shift", node.skip_shift.size(), 0));
    if (node.operation != Operation::kConvolution)
      NIC_RETURN_IF_ERROR(Require(node.stride == 1, "stride", node.stride));
    if (node.operation != Operation::kShuffle && node.operation != Operation::kUnshuffle)
      NIC_RETURN_IF_ERROR(Require(node.factor == 1, "factor", node.factor));
    if (node.operation != Operation::kAdd) {
      NIC_RETURN_IF_ERROR(Require(node.left_shift_a == 0, "left_shift_a", node.left_shift_a));
      NIC_RETURN_IF_ERROR(Require(node.left_shift_b == 0, "left_shift_b", node.left_shift_b));
    }
    if (IsCopy(node) || node.operation == Operation::kLookup)
      NIC_RETURN_IF_ERROR(
          Require(node.activation == Activation::kNone, "activation", static_cast<int>(node.activation)));
    if (node.operation != Operation::kLookup) return WrongSize("table", node.table.size(), 0);
    return {};
  }

  Status CheckOperation(const Node& node) const {
    switch (node.operation) {
      case Operation::kConvolution:
      case Operation::kDepthwise:
        return CheckConvolution(node);
      case Operation::kShuffle:
      case Operation::kUnshuffle:
        return CheckShuffle(node);
      case Operation::kAdd:
      case Operation::kMultiply:
        return CheckArithmetic(node);
      case Operation::kActivate:
        return CheckSameChannels(node);
      case Operation::kLookup:
        NIC_RETURN_IF_ERROR(CheckSameChannels(node));
        return WrongSize("table", node.table.size(), static_cast<uint64_t>(node.high - node.low + 1));
      case Operation::kConcatenate:
        return CheckConcatenate(node);
    }
    return {};
  }

  Status CheckSameChannels(const Node& node) const {
    return Require(node.channels == tensors_[node.a].channels, "channels", node.channels);
  }

  Status CheckContained(const Node& node, const Bounds& bounds) const {
    NIC_RETURN_IF_ERROR(Require(node.low <= bounds.low, "low", node.low));
    return Require(node.high >= bounds.high, "high", node.high);
  }

  Status CheckConvolution(const Node& node) const {
    const bool depthwise = node.operation == Operation::kDepthwise;
    const int k = node.kernel;
    NIC_RETURN_IF_ERROR(Require(k == 3 || k == 5 || (k == 1 && !depthwise), "kernel", k));
    NIC_RETURN_IF_ERROR(Require(node.stride == 1 || node.stride == 2, "stride", node.stride));
    if (depthwise) NIC_RETURN_IF_ERROR(CheckSameChannels(node));
    const uint64_t per_channel = static_cast<uint64_t>(k) * k * (depthwise ? 1 : tensors_[node.a].channels);
    const auto channels = static_cast<uint64_t>(node.channels);
    NIC_RETURN_IF_ERROR(WrongSize("weight", node.weight.size(), per_channel * channels));
    NIC_RETURN_IF_ERROR(WrongSize("bias", node.bias.size(), channels));
    NIC_RETURN_IF_ERROR(WrongSize("shift", node.shift.size(), channels));
    if (node.b != kNoTensor) NIC_RETURN_IF_ERROR(WrongSize("skip_shift", node.skip_shift.size(), channels));
    for (int o = 0; o < node.channels; ++o) NIC_RETURN_IF_ERROR(ProveChannel(node, o, per_channel));
    return {};
  }

  // sum |weight| * max |a| + |bias| + (max |b| << skip_shift) + round < 2^31. No term can leave int64: there are at
  // most 25 * 4096 weights of at most 2^15, and the other terms are below 2^46.
  Status ProveChannel(const Node& node, int o, uint64_t per_channel) const {
    int64_t weights = 0;
    for (uint64_t i = o * per_channel; i < (o + 1) * per_channel; ++i) {
      const int weight = node.weight[i];
      NIC_RETURN_IF_ERROR(Require(weight != -32768, "weight", weight));
      weights += std::abs(weight);
    }
    NIC_RETURN_IF_ERROR(Require(node.shift[o] <= 31, "shift", node.shift[o]));
    int64_t sum =
        weights * tensors_[node.a].bounds.magnitude() + std::abs(int64_t{node.bias[o]}) + RoundOf(node.shift[o]);
    if (node.b != kNoTensor) {
      NIC_RETURN_IF_ERROR(Require(node.skip_shift[o] <= 30, "skip_shift", node.skip_shift[o]));
      sum += int64_t{tensors_[node.b].bounds.magnitude()} << node.skip_shift[o];
    }
    return sum < kSumLimit ? Status() : Unsafe("weight", o, sum);
  }

  Status CheckShuffle(const Node& node) const {
    const int64_t squared = int64_t{node.factor} * node.factor, channels = node.channels;
    const int64_t from = tensors_[node.a].channels;
    NIC_RETURN_IF_ERROR(Require(node.factor >= 2 && node.factor <= 16, "factor", node.factor));
    const bool fits = node.operation == Operation::kShuffle ? channels * squared == from : channels == from * squared;
    NIC_RETURN_IF_ERROR(Require(fits, "channels", channels));
    return CheckContained(node, tensors_[node.a].bounds);
  }

  Status CheckConcatenate(const Node& node) const {
    const Tensor &a = tensors_[node.a], &b = tensors_[node.b];
    NIC_RETURN_IF_ERROR(Require(node.channels == a.channels + b.channels, "channels", node.channels));
    return CheckContained(node, {std::min(a.bounds.low, b.bounds.low), std::max(a.bounds.high, b.bounds.high)});
  }

  Status CheckArithmetic(const Node& node) const {
    NIC_RETURN_IF_ERROR(CheckSameChannels(node));
    NIC_RETURN_IF_ERROR(Require(node.shift[0] <= 31, "shift", node.shift[0]));
    NIC_RETURN_IF_ERROR(Require(node.left_shift_a <= 15, "left_shift_a", node.left_shift_a));
    NIC_RETURN_IF_ERROR(Require(node.left_shift_b <= 15, "left_shift_b", node.left_shift_b));
    const int64_t a = tensors_[node.a].bounds.magnitude(), b = tensors_[node.b].bounds.magnitude();
    const int64_t sum = node.operation == Operation::kAdd ? (a << node.left_shift_a) + (b << node.left_shift_b) : a * b;
    const int64_t rounded = sum + RoundOf(node.shift[0]);
    return rounded < kSumLimit ? Status() : Unsafe("shift", 0, rounded);
  }

  Status AddTensor(const Node& node) {
    const Resolution resolution = NodeResolution(node, tensors_[node.a].resolution);
    largest_.up = std::max(largest_.up, resolution.up);
    largest_.down = std::max(largest_.down, resolution.down);
    const bool one_way = largest_.up == 1 || largest_.down == 1;
    const bool within = resolution.up <= kMaximalScale && resolution.down <= kMaximalScale;
    const bool scales = node.operation == Operation::kConvolution;
    NIC_RETURN_IF_ERROR(Require(one_way && within, scales ? "stride" : "factor", scales ? node.stride : node.factor));
    const int number = static_cast<int>(graph_.inputs.size() + number_);
    tensors_.push_back({node.channels, TensorBounds(graph_, number), resolution});
    return {};
  }

  Status CheckOutputs() const {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const int output = graph_.outputs[i];
      if (output < 0 || output >= static_cast<int>(tensors_.size()))
        return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "output %zu: there is no tensor %d", i, output);
      const Resolution first = tensors_[graph_.outputs[0]].resolution, own = tensors_[output].resolution;
      if (own.up != first.up || own.down != first.down)
        return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "output %zu: not of the size of output 0", i);
    }
    return {};
  }

  const Graph& graph_;
  std::pmr::vector<Tensor> tensors_;
  Resolution largest_;
  size_t number_ = 0;  // of the node being checked
};

}  // namespace

Status CheckGraph(const Graph& graph) { return Checker(graph).Check(); }

}  // namespace nic
