#include "intnet/kernel.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>

#include "graphs.h"

namespace nic::testing {
namespace {

constexpr int16_t kGuard = 0x5a5a;
constexpr int kGuards = 64;  // behind every segment of results

// Segments over memory of their own: random or extreme values of the operands' bounds.
class Rows {
 public:
  Rows(Random& random, const Graph& graph, const Node& node, Fill fill) : channels_(node.channels) {
    const Bounds a = TensorBounds(graph, node.a), b = TensorBounds(graph, node.b == kNoTensor ? node.a : node.b);
    const int a_channels = TensorChannels(graph, node.a), count = Draw(random, 1, 5);
    buffers_.reserve(1000);
    for (int i = 0; i < count; ++i) {
      Segment segment;
      segment.pixels = Draw(random, 1, OneIn(random, 3) ? 70 : 13);
      const int64_t in_values = (node.stride * (segment.pixels - 1) + node.kernel) * a_channels;
      for (int row = 0; row < node.kernel; ++row) segment.in[row] = Allocate(random, in_values, a, fill);
      if (node.b != kNoTensor) segment.b = Allocate(random, segment.pixels * channels_, b, fill);
      segments_.push_back(segment);
    }
  }

  std::vector<std::vector<int16_t>> Run(Kernels::Run kernel, const Layer& layer) {
    std::vector<std::vector<int16_t>> results;
    for (Segment& segment : segments_) {
      results.emplace_back(static_cast<size_t>(segment.pixels * channels_ + kGuards), kGuard);
      segment.out = results.back().data();
    }
    kernel(layer, segments_.data(), segments_.size());
    for (const auto& result : results) {
      if (!std::all_of(result.end() - kGuards, result.end(), [](int16_t value) { return value == kGuard; }))
        FAIL("overrun");
    }
    return results;
  }

 private:
  // With garbage in the slack, which must not matter.
  const int16_t* Allocate(Random& random, int64_t values, const Bounds& bounds, Fill fill) {
    buffers_.emplace_back(memory_, values);
    Buffer<int16_t>& buffer = buffers_.back();
    std::memset(buffer.data(), 0x7f, values * sizeof(int16_t) + Buffer<int16_t>::kSlack);
    const GraphInput range{1, static_cast<int16_t>(bounds.low), static_cast<int16_t>(bounds.high)};
    const Tensor tensor = MakeTensor(random, 1, values, range, fill);
    std::copy(tensor.data.begin(), tensor.data.end(), buffer.begin());
    return buffer.data();
  }

  Memory memory_;
  const int channels_;
  std::vector<Buffer<int16_t>> buffers_;
  std::vector<Segment> segments_;
};

Kernels::Run KernelOf(const Kernels& kernels, Operation operation) {
  switch (operation) {
    case Operation::kConvolution:
      return kernels.convolve;
    case Operation::kDepthwise:
      return kernels.convolve_depthwise;
    case Operation::kAdd:
      return kernels.add;
    case Operation::kMultiply:
      return kernels.multiply;
    case Operation::kActivate:
      return kernels.activate;
    default:
      return kernels.look_up;
  }
}

// Every other kernel must do what the scalar one does, on rows of every kind.
void CompareKernels(Random& random, const Graph& graph, const Node& node) {
  Memory memory;
  const int a_channels = TensorChannels(graph, node.a);
  const Layer plain = PrepareLayer(node, a_channels, ScalarKernels().order, memory);
  for (const Fill fill : {Fill::kRandom, Fill::kLow, Fill::kHigh, Fill::kExtremes}) {
    Rows rows(random, graph, node, fill);
    const auto expected = rows.Run(KernelOf(ScalarKernels(), node.operation), plain);
    for (const Kernels* kernels : SupportedKernels()) {
      CAPTURE(kernels->name, static_cast<int>(fill), static_cast<int>(node.operation), a_channels, node.channels);
      CAPTURE(node.kernel, node.stride, node.b);
      const Layer layer = PrepareLayer(node, a_channels, kernels->order, memory);
      CHECK(rows.Run(KernelOf(*kernels, node.operation), layer) == expected);
    }
  }
}

int DrawChannels(Random& random) {
  constexpr int kChannels[] = {1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 40, 48, 64, 65, 96, 100};
  return kChannels[Draw(random, 0, std::size(kChannels) - 1)];
}

// Two inputs of `channels`; the second is for residuals and second operands, sometimes narrow.
Graph MakeInputs(Random& random, int channels, int second_channels, Memory& memory) {
  Graph graph(memory);
  GraphInput a{channels, -32768, 32767}, b{second_channels, -32768, 32767};
  if (OneIn(random, 3)) a = {channels, -32767, 32767};
  if (OneIn(random, 3)) a = {channels, -300, 5000};
  if (OneIn(random, 3)) b = {second_channels, -1, 1};
  graph.inputs.push_back(a);
  graph.inputs.push_back(b);
  return graph;
}

void RequireSafe(const Graph& graph, const Node& node) {
  Graph whole = graph;
  whole.nodes.push_back(node);
  whole.outputs.push_back(2);
  const Status status = CheckGraph(whole);
  INFO(status.message());
  REQUIRE(status.ok());
}

TEST_CASE("Every dense convolution kernel equals the scalar one") {
  Random random(11);
  Memory memory;
  for (int round = 0; round < 150; ++round) {
    const int channels = DrawChannels(random);
    const Graph graph = MakeInputs(random, DrawChannels(random), channels, memory);
    const ConvolutionShape shape{Operation::kConvolution, channels, 2 * Draw(random, 0, 2) + 1, Draw(random, 1, 2)};
    Node node = MakeConvolution(random, graph, 0, shape.stride == 1 && OneIn(random, 2) ? 1 : kNoTensor, shape, memory);
    SetRandomClamp(random, node);
    SetRandomActivation(random, node);
    RequireSafe(graph, node);
    CompareKernels(random, graph, node);
  }
}

TEST_CASE("Every depthwise convolution kernel equals the scalar one") {
  Random random(12);
  Memory memory;
  for (int round = 0; round < 100; ++round) {
    const int channels = DrawChannels(random);
    const Graph graph = MakeInputs(random, channels, channels, memory);
    const ConvolutionShape shape{Operation::kDepthwise, channels, 2 * Draw(random, 1, 2) + 1, 1};
    Node node = MakeConvolution(random, graph, 0, OneIn(random, 2) ? 1 : kNoTensor, shape, memory);
    SetRandomClamp(random, node);
    SetRandomActivation(random, node);
    RequireSafe(graph, node);
    CompareKernels(random, graph, node);
  }
}

TEST_CASE("Every pointwise kernel equals the scalar one") {
  Random random(13);
  Memory memory;
  for (int round = 0; round < 200; ++round) {
    const int channels = DrawChannels(random);
    const Graph graph = MakeInputs(random, channels, channels, memory);
    constexpr Operation kOperations[] = {Operation::kAdd, Operation::kMultiply, Operation::kActivate,
                                         Operation::kLookup};
    const Operation operation = kOperations[round % 4];
    const bool two = operation == Operation::kAdd || operation == Operation::kMultiply;
    Node node = MakeNode(operation, 0, two ? 1 : kNoTensor, channels, memory);
    if (two) SetRandomShifts(random, graph, node);
    SetRandomClamp(random, node);
    if (operation != Operation::kLookup) SetRandomActivation(random, node);
    if (operation == Operation::kLookup) {
      for (int i = node.low; i <= node.high; ++i)
        node.table.push_back(static_cast<int16_t>(Draw(random, -32768, 32767)));
    }
    RequireSafe(graph, node);
    CompareKernels(random, graph, node);
  }
}

// The largest products that two lanes of a pair can hold, all of one sign, to the last bit of the proof.
TEST_CASE("Kernels are exact at the edge of the proof") {
  Random random(14);
  Memory memory;
  for (const int sign : {1, -1}) {
    for (const int weight : {32767, -32767}) {
      Graph graph(memory);
      graph.inputs.push_back({2, -32768, -32768});
      graph.inputs.push_back({20, -32768, 32767});
      Node node = MakeNode(Operation::kConvolution, 0, kNoTensor, 20, memory);
      node.weight.assign(40, static_cast<int16_t>(weight));
      node.shift.assign(20, 16);
      const int64_t room = (int64_t{1} << 31) - 1 - 2 * int64_t{32768} * 32767 - (1 << 15);
      REQUIRE(room > 0);
      node.bias.assign(20, static_cast<int32_t>(sign * room));
      RequireSafe(graph, node);
      CompareKernels(random, graph, node);
      node.bias.assign(20, static_cast<int32_t>(sign * (room + 1)));
      Graph whole = graph;
      whole.nodes.push_back(node);
      whole.outputs.push_back(2);
      CHECK(CheckGraph(whole).code() == NIC_MODEL_UNSAFE);
    }
  }
}

TEST_CASE("Targets have names, and the plain one is always there") {
  for (const Target target : {Target::kScalar, Target::kSse4, Target::kAvx2, Target::kAvx512, Target::kNeon}) {
    Target parsed = Target::kScalar;
    CHECK(ParseTarget(TargetName(target), &parsed));
    CHECK(parsed == target);
    CHECK(TargetSupported(target) == (FindKernels(target) != nullptr));
  }
  Target parsed = Target::kAvx2;
  for (const char* name : {"", "AVX2", "avx", "avx2 ", "sse", "native"}) CHECK_FALSE(ParseTarget(name, &parsed));
  CHECK(parsed == Target::kAvx2);
  CHECK(TargetSupported(Target::kScalar));
  CHECK(TargetSupported(BestTarget()));
  CHECK(SupportedKernels().front() == &ScalarKernels());
#if defined(__x86_64__)
  CHECK_FALSE(TargetSupported(Target::kNeon));
  CHECK(TargetSupported(Target::kSse4) == static_cast<bool>(__builtin_cpu_supports("sse4.2")));
#endif
}

}  // namespace
}  // namespace nic::testing
