// Speed of the integer networks on one core, for every set of kernels that this machine runs: multiply-accumulates per
// second of single convolutions, and the time of the whole synthesis of nic-fast.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "intnet/graph.h"
#include "intnet/kernel.h"
#include "intnet/program.h"

namespace nic {
namespace {

constexpr int kActivationBound = 16384;  // of inputs and results: 15 bits, as a calibrated model's mostly are

// Copies rows of random values, which costs next to nothing.
class RandomSource : public TensorSource {
 public:
  RandomSource() : values_(1 << 16) {
    std::mt19937 random(1);
    std::uniform_int_distribution<int> bounded(-kActivationBound, kActivationBound);
    for (int16_t& value : values_) value = static_cast<int16_t>(bounded(random));
  }
  Status Read(int, const TensorView& view) override {
    const auto row = std::min(values_.size(), static_cast<size_t>(view.rect.width() * view.channels));
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) std::copy_n(values_.data(), row, view.at(y, view.rect.x0));
    return {};
  }

 private:
  std::vector<int16_t> values_;
};

class DiscardingSink : public TensorSink {
 public:
  Status Write(int, const ConstTensorView& view) override {
    benchmark::DoNotOptimize(view.data);
    return {};
  }
};

struct Layout {
  Operation operation = Operation::kConvolution;
  int channels = 0;
  int kernel = 1;
  int stride = 1;
  Activation activation = Activation::kNone;
};

// Builds graphs of random weights, as large as the proof allows for activations of 15 bits.
class Builder {
 public:
  Builder(int channels, Memory& memory) : memory_(memory), graph(memory) {
    graph.inputs.push_back({channels, -kActivationBound, kActivationBound});
  }

  int Last() const { return static_cast<int>(graph.nodes.size()); }  // there is one input

  int Convolve(int a, int b, const Layout& layout) {
    Node node = Append(layout.operation, a, b, layout.channels);
    node.kernel = static_cast<uint8_t>(layout.kernel);
    node.stride = static_cast<uint8_t>(layout.stride);
    node.activation = layout.activation;
    if (layout.activation == Activation::kLeakyRelu) node.slope_shift = 3;
    const int from = layout.operation == Operation::kDepthwise ? 1 : TensorChannels(graph, a);
    const int taps = layout.kernel * layout.kernel * from, limit = std::min(32767, (1 << 16) / taps);
    std::uniform_int_distribution<int> weights(-limit, limit);
    for (int i = 0; i < layout.channels * taps; ++i) node.weight.push_back(static_cast<int16_t>(weights(random_)));
    node.bias.assign(layout.channels, 1000);
    for (int o = 0; o < layout.channels; ++o) node.shift.push_back(static_cast<uint8_t>(12 + o % 4));
    if (b != kNoTensor) node.skip_shift.assign(layout.channels, 12);
    return Push(node);
  }

  int Multiply(int a, int b) {
    Node node = Append(Operation::kMultiply, a, b, TensorChannels(graph, a));
    node.shift.assign(1, 14);
    return Push(node);
  }

  int Shuffle(int a, int factor) {
    Node node = Append(Operation::kShuffle, a, kNoTensor, TensorChannels(graph, a) / (factor * factor));
    node.factor = static_cast<uint8_t>(factor);
    return Push(node);
  }

  // The block of nic-fast (nictrain): 1x1, leaky ReLU, depthwise 3x3, 1x1; then a gated pair of 1x1.
  int Block(int x) {
    const int n = TensorChannels(graph, x);
    int y = Convolve(x, kNoTensor, {.channels = n, .activation = Activation::kLeakyRelu});
    y = Convolve(y, kNoTensor, {.operation = Operation::kDepthwise, .channels = n, .kernel = 3});
    x = Convolve(y, x, {.channels = n});
    const int u = Convolve(x, kNoTensor, {.channels = n});
    const int v = Convolve(x, kNoTensor, {.channels = n, .activation = Activation::kRelu});
    return Convolve(Multiply(u, v), x, {.channels = n});
  }

 private:
  Node Append(Operation operation, int a, int b, int channels) {
    Node node(memory_);
    node.operation = operation;
    node.a = a;
    node.b = b;
    node.channels = channels;
    node.low = -kActivationBound;
    node.high = kActivationBound;
    return node;
  }
  int Push(Node& node) {
    graph.nodes.push_back(std::move(node));
    return Last();
  }

  Memory& memory_;
  std::mt19937 random_{1};

 public:
  Graph graph;
};

void RunGraph(benchmark::State& state, const Kernels& kernels, const Graph& graph, int64_t height, int64_t width) {
  Memory memory;
  std::unique_ptr<Program> program;
  const Status status = Program::Prepare(graph, kernels, memory, &program);
  if (!status.ok()) return state.SkipWithError(status.message());
  RandomSource source;
  DiscardingSink sink;
  Serial serial;
  const Rect whole = program->OutputSize(0, height, width);
  for (auto _ : state) {
    if (!program->Run(height, width, whole, 0, source, sink, serial, memory).ok()) return state.SkipWithError("failed");
  }
  const double macs = CountMacs(graph) * static_cast<double>(height * width);
  state.counters["MB"] = static_cast<double>(memory.peak() >> 20);  // packed constants included
  state.counters["GMAC/s"] =
      benchmark::Counter(macs * 1e-9, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void BenchmarkConvolution(benchmark::State& state, const Kernels* kernels, int from, Layout layout) {
  Memory memory;
  Builder builder(from, memory);
  builder.Convolve(0, kNoTensor, layout);
  builder.graph.outputs.push_back(builder.Last());
  RunGraph(state, *kernels, builder.graph, 64, 96);
}

void BenchmarkSynthesis(benchmark::State& state, const Kernels* kernels, int64_t height, int64_t width) {
  Memory memory;
  Builder builder(192, memory);
  int x = builder.Block(builder.Block(0));
  x = builder.Shuffle(builder.Convolve(x, kNoTensor, {.channels = 512}), 2);
  for (int i = 0; i < 3; ++i) x = builder.Block(x);
  x = builder.Shuffle(builder.Convolve(x, kNoTensor, {.channels = 192}), 8);
  builder.graph.outputs.push_back(x);
  RunGraph(state, *kernels, builder.graph, height, width);
}

void Register() {
  struct Case {
    const char* name;
    int from;
    Layout layout;
  };
  const Case cases[] = {
      {"1x1/128-128", 128, {.channels = 128}},
      {"1x1/192-192", 192, {.channels = 192}},
      {"1x1/192-512", 192, {.channels = 512}},
      {"1x1/512-128", 512, {.channels = 128}},
      {"3x3/128-256", 128, {.channels = 256, .kernel = 3}},
      {"3x3s2/128-128", 128, {.channels = 128, .kernel = 3, .stride = 2}},
      {"5x5/64-64", 64, {.channels = 64, .kernel = 5}},
      {"dw3x3/128", 128, {.operation = Operation::kDepthwise, .channels = 128, .kernel = 3}},
      {"dw3x3/192", 192, {.operation = Operation::kDepthwise, .channels = 192, .kernel = 3}},
  };
  for (const Kernels* kernels : SupportedKernels()) {
    const std::string target = kernels->name;
    for (const Case& each : cases)
      benchmark::RegisterBenchmark((target + "/" + each.name).c_str(), BenchmarkConvolution, kernels, each.from,
                                   each.layout)
          ->Unit(benchmark::kMillisecond);
    for (const auto& [width, height] : {std::pair(48, 32), std::pair(375, 250)}) {  // Kodak, and 24 megapixels
      const std::string size = std::to_string(width) + "x" + std::to_string(height);
      benchmark::RegisterBenchmark((target + "/nic-fast-synthesis/" + size).c_str(), BenchmarkSynthesis, kernels,
                                   height, width)
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace
}  // namespace nic

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  nic::Register();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
