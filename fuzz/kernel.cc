// One operation whose every field, constant and sample comes from the input: what CheckGraph accepts gives the same
// with every kernel of the machine, and with the plain evaluation of the tests, in 64 bits.
#include <algorithm>

#include "run_graph.h"

using namespace nic;

namespace {

constexpr double kMaxMacs = 4e5;  // the scalar kernels are slow under sanitizers

// Numbers from the input, which begins anew at its end: later fields then differ in their place alone.
class Endless {
 public:
  explicit Endless(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  int Byte() {
    if (bytes_.empty()) return 0;
    const size_t round = next_ / bytes_.size();
    return bytes_[next_++ % bytes_.size()] ^ static_cast<int>(round * 37 & 255);
  }
  int In(int low, int high) { return low + Byte() % (high - low + 1); }
  // Small ones, the extremes, and anything.
  int16_t Sample() {
    const int kind = Byte();
    if (kind < 160) return static_cast<int16_t>(kind - 80);
    if (kind < 176) return 32767;
    if (kind < 192) return -32768;
    return static_cast<int16_t>(Byte() << 8 | Byte());
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t next_ = 0;
};

void ReadConvolution(Endless& from, int in_channels, Node* node) {
  const bool dense = node->operation == Operation::kConvolution;
  node->kernel = static_cast<uint8_t>(dense ? 1 + 2 * from.In(0, 2) : 3 + 2 * from.In(0, 1));
  node->stride = static_cast<uint8_t>(dense ? from.In(1, 2) : 1);
  const size_t weights =
      size_t{node->kernel} * node->kernel * static_cast<size_t>(node->channels * (dense ? in_channels : 1));
  const int weight_bits = from.In(0, 8);
  for (size_t i = 0; i < weights; ++i) {
    const int weight = from.Sample() >> weight_bits;
    node->weight.push_back(static_cast<int16_t>(weight == -32768 ? -32767 : weight));
  }
  const int bias_bits = from.In(0, 14);
  for (int c = 0; c < node->channels; ++c) {
    node->bias.push_back(from.Sample() * (1 << bias_bits));
    node->shift.push_back(static_cast<uint8_t>(from.In(0, 31)));
    if (node->b != kNoTensor) node->skip_shift.push_back(static_cast<uint8_t>(from.In(0, 16)));
  }
}

void ReadClamp(Endless& from, Node* node) {
  const int16_t one = from.Sample(), other = from.Sample();
  node->low = std::min(one, other);
  node->high = std::max(one, other);
}

Node ReadNode(Endless& from, const Graph& graph, Memory& memory) {
  constexpr Operation kOperations[] = {Operation::kConvolution, Operation::kDepthwise, Operation::kAdd,
                                       Operation::kMultiply,    Operation::kActivate,  Operation::kLookup};
  Node node(memory);
  node.operation = kOperations[from.In(0, 5)];
  node.a = 0;
  node.channels = graph.inputs[0].channels;
  ReadClamp(from, &node);
  const bool two = node.operation == Operation::kAdd || node.operation == Operation::kMultiply;
  const bool convolution = node.operation == Operation::kConvolution || node.operation == Operation::kDepthwise;
  if (node.operation == Operation::kConvolution) node.channels = from.In(1, 40);
  const bool may_skip = convolution && node.channels == graph.inputs[1].channels;
  if (two || (may_skip && from.In(0, 1))) node.b = 1;
  if (convolution) ReadConvolution(from, graph.inputs[0].channels, &node);
  if (two) node.shift.push_back(static_cast<uint8_t>(from.In(0, 31)));
  if (node.operation == Operation::kAdd) {
    node.left_shift_a = static_cast<uint8_t>(from.In(0, 15));
    node.left_shift_b = static_cast<uint8_t>(from.In(0, 15));
  }
  if (node.operation == Operation::kLookup) {
    node.high = static_cast<int16_t>(std::min(node.low + from.Byte(), 32767));
    for (int i = node.low; i <= node.high; ++i) node.table.push_back(from.Sample());
    return node;
  }
  node.activation = static_cast<Activation>(from.In(0, 3));
  if (node.activation == Activation::kLeakyRelu) node.slope_shift = static_cast<uint8_t>(from.In(1, 15));
  return node;
}

testing::Tensor ReadTensor(Endless& from, int64_t height, int64_t width, const GraphInput& input) {
  testing::Tensor tensor(height, width, input.channels);
  for (int16_t& sample : tensor.data) sample = std::clamp(from.Sample(), input.low, input.high);
  return tensor;
}

GraphInput ReadInput(Endless& from, int channels) {
  const int16_t one = from.Sample(), other = from.Sample();
  return {channels, std::min(one, other), std::max(one, other)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  Endless from({bytes, size});
  Memory memory;
  Graph graph(memory);
  const int channels = from.In(1, 40);
  graph.inputs.push_back(ReadInput(from, channels));
  graph.inputs.push_back(ReadInput(from, channels));
  const int64_t height = from.In(1, 7), width = from.In(1, 19);
  const int64_t strip_rows = from.In(0, 3);
  const auto tasks = static_cast<size_t>(from.In(1, 3));
  graph.nodes.push_back(ReadNode(from, graph, memory));
  graph.outputs.push_back(2);
  if (CountMacs(graph) * static_cast<double>(height * width) > kMaxMacs || !CheckGraph(graph).ok()) return 0;
  const std::vector<testing::Tensor> inputs = {ReadTensor(from, height, width, graph.inputs[0]),
                                               ReadTensor(from, height, width, graph.inputs[1])};
  const testing::Tensor expected = testing::EvaluateGraph(graph, inputs)[0];
  for (const Kernels* kernels : SupportedKernels()) {
    NIC_FUZZ_CHECK(fuzz::RunGraph(*kernels, graph, inputs, strip_rows, tasks)[0] == expected);
  }
  return 0;
}
