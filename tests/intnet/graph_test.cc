#include "intnet/graph.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>

#include "graphs.h"

namespace nic::testing {
namespace {

// 4 channels -> 3x3 convolution -> 8, leaky -> 1x1 with residual -> 8 -> shuffle 2 -> 2 -> + -> look-up.
constexpr int kFirst = 0, kSecond = 1, kShuffled = 2, kSum = 3, kTable = 4, kGated = 5, kFiltered = 6, kJoined = 7,
              kCut = 8;

Graph MakeSound(Memory& memory) {
  Random random(1);
  Graph graph(memory);
  graph.inputs.push_back({4, -1000, 1000});
  graph.nodes.push_back(MakeConvolution(random, graph, 0, kNoTensor, {Operation::kConvolution, 8, 3, 1}, memory));
  graph.nodes[kFirst].activation = Activation::kLeakyRelu;
  graph.nodes[kFirst].slope_shift = 3;
  graph.nodes.push_back(MakeConvolution(random, graph, 1, 1, {Operation::kConvolution, 8, 1, 1}, memory));
  graph.nodes.push_back(MakeNode(Operation::kShuffle, 2, kNoTensor, 2, memory));
  graph.nodes[kShuffled].factor = 2;
  graph.nodes.push_back(MakeNode(Operation::kAdd, 3, 3, 2, memory));
  graph.nodes[kSum].shift.push_back(1);
  graph.nodes.push_back(MakeNode(Operation::kLookup, 4, kNoTensor, 2, memory));
  graph.nodes[kTable].low = -2;
  graph.nodes[kTable].high = 2;
  graph.nodes[kTable].table.assign({5, -6, 7, 8, 9});
  graph.nodes.push_back(MakeNode(Operation::kMultiply, 5, 4, 2, memory));
  graph.nodes[kGated].shift.push_back(0);
  graph.nodes.push_back(MakeConvolution(random, graph, 6, kNoTensor, {Operation::kDepthwise, 2, 3, 1}, memory));
  graph.nodes.push_back(MakeNode(Operation::kConcatenate, 7, 6, 4, memory));
  graph.nodes.push_back(MakeNode(Operation::kActivate, 8, kNoTensor, 4, memory));
  graph.outputs.push_back(9);
  return graph;
}

struct Fault {
  const char* names;  // what the message must contain
  std::function<void(Graph&)> make;
};

void CheckRefused(const Fault& fault) {
  Memory memory;
  Graph graph = MakeSound(memory);
  REQUIRE(CheckGraph(graph).ok());
  fault.make(graph);
  const Status status = CheckGraph(graph);
  CAPTURE(fault.names, status.message());
  CHECK(status.code() == NIC_MODEL_MALFORMED);
  CHECK(std::strstr(status.message(), fault.names) != nullptr);
}

Node Widened(const Graph& graph, Memory& memory, Operation operation, int factor) {
  Node node = MakeNode(operation, 0, kNoTensor, TensorChannels(graph, 0), memory);
  node.factor = static_cast<uint8_t>(factor);
  return node;
}

TEST_CASE("A graph with a wrong size of its lists is refused") {
  CheckRefused({"graph: inputs", [](Graph& g) { g.inputs.clear(); }});
  CheckRefused({"graph: inputs", [](Graph& g) { g.inputs.resize(kMaximalInputs + 1, g.inputs[0]); }});
  CheckRefused({"graph: outputs", [](Graph& g) { g.outputs.clear(); }});
  CheckRefused({"graph: outputs", [](Graph& g) { g.outputs.resize(kMaximalOutputs + 1, 9); }});
  CheckRefused({"graph: nodes", [](Graph& g) { g.nodes.resize(kMaximalNodes + 1, g.nodes[kCut]); }});
}

TEST_CASE("Inputs and outputs that do not fit are refused") {
  CheckRefused({"input 0: channels", [](Graph& g) { g.inputs[0].channels = 0; }});
  CheckRefused({"input 0: channels", [](Graph& g) { g.inputs[0].channels = kMaximalChannels + 1; }});
  CheckRefused({"input 0: channels", [](Graph& g) { g.inputs[0].channels = -4; }});
  CheckRefused({"input 0: low", [](Graph& g) { g.inputs[0].low = 1001; }});
  CheckRefused({"output 0", [](Graph& g) { g.outputs[0] = -1; }});
  CheckRefused({"output 0", [](Graph& g) { g.outputs[0] = 10; }});
  CheckRefused({"output 1", [](Graph& g) { g.outputs.push_back(2); }});  // of half the size
}

TEST_CASE("Operands that do not exist or do not fit are refused") {
  CheckRefused({"node 0: a", [](Graph& g) { g.nodes[kFirst].a = 1; }});  // itself
  CheckRefused({"node 0: a", [](Graph& g) { g.nodes[kFirst].a = -1; }});
  CheckRefused({"node 1: b", [](Graph& g) { g.nodes[kSecond].b = 2; }});
  CheckRefused({"node 1: b", [](Graph& g) { g.nodes[kSecond].b = -2; }});
  CheckRefused({"node 1: b", [](Graph& g) { g.nodes[kSecond].b = 0; }});       // 4 channels
  CheckRefused({"node 1: b", [](Graph& g) { g.nodes[kSecond].stride = 2; }});  // the residual is larger
  CheckRefused({"node 2: b", [](Graph& g) { g.nodes[kShuffled].b = 1; }});
  CheckRefused({"node 3: b", [](Graph& g) { g.nodes[kSum].b = kNoTensor; }});
  CheckRefused({"node 3: b", [](Graph& g) { g.nodes[kSum].b = 2; }});
  CheckRefused({"node 5: b", [](Graph& g) { g.nodes[kGated].b = kNoTensor; }});
  CheckRefused({"node 7: b", [](Graph& g) { g.nodes[kJoined].b = kNoTensor; }});
  CheckRefused({"node 7: b", [](Graph& g) { g.nodes[kJoined].b = 2; }});
  CheckRefused({"node 8: b", [](Graph& g) { g.nodes[kCut].b = 8; }});
}

TEST_CASE("Attributes out of their ranges are refused") {
  CheckRefused({"node 0: operation", [](Graph& g) { g.nodes[kFirst].operation = static_cast<Operation>(0); }});
  CheckRefused({"node 0: operation", [](Graph& g) { g.nodes[kFirst].operation = static_cast<Operation>(10); }});
  CheckRefused({"node 0: activation", [](Graph& g) { g.nodes[kFirst].activation = static_cast<Activation>(4); }});
  CheckRefused({"node 0: slope_shift", [](Graph& g) { g.nodes[kFirst].slope_shift = 0; }});
  CheckRefused({"node 0: slope_shift", [](Graph& g) { g.nodes[kFirst].slope_shift = 16; }});
  CheckRefused({"node 1: slope_shift", [](Graph& g) { g.nodes[kSecond].slope_shift = 1; }});
  CheckRefused({"node 0: kernel", [](Graph& g) { g.nodes[kFirst].kernel = 2; }});
  CheckRefused({"node 0: kernel", [](Graph& g) { g.nodes[kFirst].kernel = 7; }});
  CheckRefused({"node 0: kernel", [](Graph& g) { g.nodes[kFirst].kernel = 0; }});
  CheckRefused({"node 6: kernel", [](Graph& g) { g.nodes[kFiltered].kernel = 1; }});
  CheckRefused({"node 0: stride", [](Graph& g) { g.nodes[kFirst].stride = 0; }});
  CheckRefused({"node 0: stride", [](Graph& g) { g.nodes[kFirst].stride = 3; }});
  CheckRefused({"node 2: factor", [](Graph& g) { g.nodes[kShuffled].factor = 1; }});
  CheckRefused({"node 2: factor", [](Graph& g) { g.nodes[kShuffled].factor = 17; }});
  CheckRefused({"node 3: left_shift_a", [](Graph& g) { g.nodes[kSum].left_shift_a = 16; }});
  CheckRefused({"node 3: left_shift_b", [](Graph& g) { g.nodes[kSum].left_shift_b = 16; }});
  CheckRefused({"node 3: shift", [](Graph& g) { g.nodes[kSum].shift[0] = 32; }});
  CheckRefused({"node 0: shift", [](Graph& g) { g.nodes[kFirst].shift[7] = 32; }});
  CheckRefused({"node 1: skip_shift", [](Graph& g) { g.nodes[kSecond].skip_shift[7] = 31; }});
  CheckRefused({"node 0: weight: -32768", [](Graph& g) { g.nodes[kFirst].weight[287] = -32768; }});
}

TEST_CASE("Channels that do not fit are refused") {
  CheckRefused({"node 0: channels", [](Graph& g) { g.nodes[kFirst].channels = 0; }});
  CheckRefused({"node 0: channels", [](Graph& g) { g.nodes[kFirst].channels = kMaximalChannels + 1; }});
  CheckRefused({"node 0: weight", [](Graph& g) { g.nodes[kFirst].channels = 7; }});
  CheckRefused({"node 2: channels", [](Graph& g) { g.nodes[kShuffled].channels = 3; }});
  CheckRefused({"node 2: channels", [](Graph& g) { g.nodes[kShuffled].factor = 3; }});
  CheckRefused({"node 4: channels", [](Graph& g) { g.nodes[kTable].channels = 3; }});
  CheckRefused({"node 6: channels", [](Graph& g) { g.nodes[kFiltered].channels = 3; }});
  CheckRefused({"node 7: channels", [](Graph& g) { g.nodes[kJoined].channels = 5; }});
  CheckRefused({"node 8: channels", [](Graph& g) { g.nodes[kCut].channels = 5; }});
}

TEST_CASE("Constants of a wrong number are refused") {
  CheckRefused({"node 0: weight: 287 entries instead of 288", [](Graph& g) { g.nodes[kFirst].weight.pop_back(); }});
  CheckRefused({"node 0: bias", [](Graph& g) { g.nodes[kFirst].bias.push_back(0); }});
  CheckRefused({"node 0: shift", [](Graph& g) { g.nodes[kFirst].shift.clear(); }});
  CheckRefused({"node 0: skip_shift", [](Graph& g) { g.nodes[kFirst].skip_shift.push_back(0); }});
  CheckRefused({"node 1: skip_shift", [](Graph& g) { g.nodes[kSecond].skip_shift.pop_back(); }});
  CheckRefused({"node 6: weight", [](Graph& g) { g.nodes[kFiltered].weight.push_back(1); }});
  CheckRefused({"node 3: shift", [](Graph& g) { g.nodes[kSum].shift.clear(); }});
  CheckRefused({"node 5: shift", [](Graph& g) { g.nodes[kGated].shift.push_back(0); }});
  CheckRefused({"node 4: table", [](Graph& g) { g.nodes[kTable].table.pop_back(); }});
}

TEST_CASE("What an operation does not use must be absent") {
  CheckRefused({"node 2: kernel", [](Graph& g) { g.nodes[kShuffled].kernel = 3; }});
  CheckRefused({"node 2: stride", [](Graph& g) { g.nodes[kShuffled].stride = 2; }});
  CheckRefused({"node 6: stride", [](Graph& g) { g.nodes[kFiltered].stride = 2; }});
  CheckRefused({"node 0: factor", [](Graph& g) { g.nodes[kFirst].factor = 2; }});
  CheckRefused({"node 5: left_shift_a", [](Graph& g) { g.nodes[kGated].left_shift_a = 1; }});
  CheckRefused({"node 5: left_shift_b", [](Graph& g) { g.nodes[kGated].left_shift_b = 1; }});
  CheckRefused({"node 8: weight", [](Graph& g) { g.nodes[kCut].weight.push_back(0); }});
  CheckRefused({"node 8: bias", [](Graph& g) { g.nodes[kCut].bias.push_back(0); }});
  CheckRefused({"node 8: shift", [](Graph& g) { g.nodes[kCut].shift.push_back(0); }});
  CheckRefused({"node 8: skip_shift", [](Graph& g) { g.nodes[kCut].skip_shift.push_back(0); }});
  CheckRefused({"node 8: table", [](Graph& g) { g.nodes[kCut].table.push_back(0); }});
  for (const int copy : {kShuffled, kTable, kJoined})
    CheckRefused({": activation", [copy](Graph& g) { g.nodes[copy].activation = Activation::kRelu; }});
}

TEST_CASE("A clamp that is empty, or cuts what a copy copies, is refused") {
  CheckRefused({"node 0: low", [](Graph& g) { g.nodes[kFirst].low = 5, g.nodes[kFirst].high = 4; }});
  CheckRefused({"node 2: low", [](Graph& g) { g.nodes[kShuffled].low = -32767; }});
  CheckRefused({"node 2: high", [](Graph& g) { g.nodes[kShuffled].high = 32766; }});
  CheckRefused({"node 7: low", [](Graph& g) { g.nodes[kJoined].low = -32767; }});
  CheckRefused({"node 7: high", [](Graph& g) { g.nodes[kJoined].high = 32766; }});
}

TEST_CASE("A graph that both shrinks and grows, or by too much, is refused") {
  Memory memory;
  Graph graph(memory);
  graph.inputs.push_back({1024, -10, 10});
  graph.nodes.push_back(Widened(graph, memory, Operation::kShuffle, 4));
  graph.nodes[0].channels = 64;
  graph.outputs.push_back(0);
  REQUIRE(CheckGraph(graph).ok());

  Random random(1);
  graph.nodes.push_back(MakeConvolution(random, graph, 0, kNoTensor, {Operation::kConvolution, 1, 3, 2}, memory));
  CHECK(std::strstr(CheckGraph(graph).message(), "node 1: stride"));  // though no tensor does both
  graph.nodes.back() = Widened(graph, memory, Operation::kUnshuffle, 2);
  graph.nodes.back().channels = 4096;
  CHECK(std::strstr(CheckGraph(graph).message(), "node 1: factor"));

  graph.nodes.clear();
  for (int i = 0; i < 9; ++i)  // 2^9 > kMaximalScale
    graph.nodes.push_back(MakeConvolution(random, graph, i, kNoTensor, {Operation::kConvolution, 1, 1, 2}, memory));
  CHECK(std::strstr(CheckGraph(graph).message(), "node 8: stride"));
  graph.nodes.pop_back();
  CHECK(CheckGraph(graph).ok());
}

TEST_CASE("The proof of a convolution holds up to 2^31 - 1 and no further") {
  Memory memory;
  Graph graph(memory);
  graph.inputs.push_back({3, -1000, 999});
  graph.inputs.push_back({2, -300, 7});
  Node node = MakeNode(Operation::kConvolution, 0, 1, 2, memory);
  node.weight.assign({1, 2, 3, 32767, -32767, 100});
  node.shift.assign({0, 20});
  node.skip_shift.assign({0, 10});
  constexpr int64_t kEdge = (int64_t{1} << 31) - 1;
  const int64_t rest = kEdge - (32767 + 32767 + 100) * int64_t{1000} - (300 << 10) - (1 << 19);
  for (const int sign : {1, -1}) {
    node.bias.assign({0, static_cast<int32_t>(sign * rest)});
    graph.nodes.assign(1, node);
    graph.outputs.assign(1, 2);
    CHECK(CheckGraph(graph).ok());
    graph.nodes[0].bias[1] += sign;
    const Status status = CheckGraph(graph);
    CHECK(status.code() == NIC_MODEL_UNSAFE);
    CHECK_THAT(status.message(), Catch::Contains("node 0: weight") && Catch::Contains("channel 1"));
  }
  graph.nodes[0].bias[1] = INT32_MIN;  // whose magnitude is no int32
  CHECK(CheckGraph(graph).code() == NIC_MODEL_UNSAFE);
  graph.nodes[0].bias.assign({INT32_MAX - 6300, 0});
  CHECK(CheckGraph(graph).ok());  // (1 + 2 + 3) * 1000 + 300 + bias
  graph.nodes[0].skip_shift[0] = 1;
  CHECK(CheckGraph(graph).code() == NIC_MODEL_UNSAFE);
}

TEST_CASE("The proof of a depthwise convolution holds up to 2^31 - 1 and no further") {
  Memory memory;
  Graph graph(memory);
  graph.inputs.push_back({1, 0, 7});
  Node node = MakeNode(Operation::kDepthwise, 0, kNoTensor, 1, memory);
  node.kernel = 3;
  node.weight.assign(9, 1);
  node.shift.assign(1, 31);
  node.bias.assign(1, (1 << 30) - 1 - 63);
  graph.nodes.push_back(node);
  graph.outputs.push_back(1);
  CHECK(CheckGraph(graph).ok());
  graph.inputs[0].low = -8;
  CHECK(CheckGraph(graph).code() == NIC_MODEL_UNSAFE);
}

TEST_CASE("The proof of sums and products holds below 2^31 and no further") {
  Memory memory;
  Graph graph(memory);
  graph.inputs.push_back({1, -32767, 32767});
  graph.nodes.push_back(MakeNode(Operation::kAdd, 0, 0, 1, memory));
  graph.nodes[0].left_shift_a = graph.nodes[0].left_shift_b = 15;
  graph.nodes[0].shift.assign(1, 17);  // 2 * (32767 << 15) + (1 << 16) = 2^31
  graph.outputs.push_back(1);
  CHECK(CheckGraph(graph).code() == NIC_MODEL_UNSAFE);
  graph.nodes[0].shift[0] = 16;
  CHECK(CheckGraph(graph).ok());

  graph.nodes[0] = MakeNode(Operation::kMultiply, 0, 0, 1, memory);
  graph.nodes[0].shift.assign(1, 31);
  CHECK(CheckGraph(graph).ok());
  graph.inputs[0].low = -32768;  // 2^30 + 2^30
  CHECK(CheckGraph(graph).code() == NIC_MODEL_UNSAFE);
  CHECK_THAT(CheckGraph(graph).message(), Catch::Contains("node 0: shift"));
}

TEST_CASE("A tensor's bounds are those of its clamp, activation or table") {
  Memory memory;
  Graph graph(memory);
  graph.inputs.push_back({1, -7, 9});
  Node node = MakeNode(Operation::kActivate, 0, kNoTensor, 1, memory);
  const auto bounds = [&](Activation activation, int low, int high) {
    node.activation = activation;
    node.slope_shift = activation == Activation::kLeakyRelu ? 3 : 0;
    node.low = static_cast<int16_t>(low);
    node.high = static_cast<int16_t>(high);
    graph.nodes.assign(1, node);
    const Bounds result = TensorBounds(graph, 1);
    return std::pair<int, int>(result.low, result.high);
  };
  using Pair = std::pair<int, int>;
  CHECK(TensorBounds(graph, 0).magnitude() == 9);
  CHECK(bounds(Activation::kNone, -100, 50) == Pair(-100, 50));
  CHECK(TensorBounds(graph, 1).magnitude() == 100);
  CHECK(bounds(Activation::kRelu, -100, 50) == Pair(0, 50));
  CHECK(bounds(Activation::kRelu, -100, -50) == Pair(0, 0));
  CHECK(bounds(Activation::kLeakyRelu, -100, 50) == Pair(-13, 50));
  CHECK(bounds(Activation::kLeakyRelu, -32768, -1) == Pair(-4096, -1));
  CHECK(bounds(Activation::kAbsolute, -100, 50) == Pair(0, 100));
  CHECK(bounds(Activation::kAbsolute, -100, -50) == Pair(50, 100));
  CHECK(bounds(Activation::kAbsolute, 20, 50) == Pair(20, 50));
  CHECK(bounds(Activation::kAbsolute, -32768, 0) == Pair(0, 32767));
  node.operation = Operation::kLookup;
  node.table.assign({4, -900, 17});
  CHECK(bounds(Activation::kNone, 0, 2) == Pair(-900, 17));
}

TEST_CASE("Shapes and multiply-accumulates follow the graph") {
  Memory memory;
  const Graph graph = MakeSound(memory);
  CHECK(TensorChannels(graph, 0) == 4);
  CHECK(TensorChannels(graph, 3) == 2);
  CHECK(TensorResolution(graph, 2).up == 1);
  CHECK(TensorResolution(graph, 9).up == 2);
  CHECK(TensorResolution(graph, 9).down == 1);
  CHECK(CountMacs(graph) == 4 * 9 * 8 + 8 * 8 + 2 * 9 * 4);

  Random random(1);
  Graph shrinking(memory);
  shrinking.inputs.push_back({4, -1000, 1000});
  shrinking.nodes.push_back(
      MakeConvolution(random, shrinking, 0, kNoTensor, {Operation::kConvolution, 8, 3, 2}, memory));
  CHECK(CountMacs(shrinking) == 4 * 9 * 8 / 4.0);
  CHECK(CountWork(shrinking) == (4 * 9 * 8 + kSampleWork * 8) / 4.0);
  CHECK(TensorResolution(shrinking, 1).down == 2);
}

}  // namespace
}  // namespace nic::testing
