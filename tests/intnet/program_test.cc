#include "intnet/program.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "graphs.h"
#include "intnet/kernel.h"

namespace nic::testing {
namespace {

struct Settings {
  int64_t strip_rows = 0;
  size_t tasks = 1;
};

std::vector<Tensor> Run(const Program& program, const Graph& graph, const std::vector<Tensor>& inputs, const Rect& rect,
                        const Settings& settings = {}) {
  TensorsSource source(inputs);
  TensorsSink sink(graph.outputs.size(), rect);
  Backwards parallel(settings.tasks);
  Memory memory;
  const Status status =
      program.Run(inputs[0].height, inputs[0].width, rect, settings.strip_rows, source, sink, parallel, memory);
  INFO(status.message());
  REQUIRE(status.ok());
  REQUIRE(source.orderly());
  REQUIRE(sink.complete());
  REQUIRE(memory.held() == 0);
  return sink.tensors;
}

std::unique_ptr<Program> Prepare(const Graph& graph, Memory& memory, const Kernels& kernels = ScalarKernels()) {
  std::unique_ptr<Program> program;
  const Status status = Program::Prepare(graph, kernels, memory, &program);
  INFO(status.message());
  REQUIRE(status.ok());
  return program;
}

Rect DrawRect(Random& random, const Rect& whole) {
  Rect rect;
  rect.x0 = Draw(random, 0, static_cast<int>(whole.x1) - 1);
  rect.y0 = Draw(random, 0, static_cast<int>(whole.y1) - 1);
  rect.x1 = Draw(random, static_cast<int>(rect.x0) + 1, static_cast<int>(whole.x1));
  rect.y1 = Draw(random, static_cast<int>(rect.y0) + 1, static_cast<int>(whole.y1));
  return rect;
}

int64_t DrawSide(Random& random, const Graph& graph) {  // one that every unshuffle divides
  int64_t unit = 1;
  for (const Node& node : graph.nodes) {
    if (node.operation == Operation::kUnshuffle)
      unit = std::max<int64_t>(unit, TensorResolution(graph, node.a).down * node.factor * 2);
  }
  return unit > 1 ? unit * 3 * Draw(random, 1, 2) : Draw(random, 1, 13);
}

// Gives a run the rows that it says it needs, and none beyond.
class MeteredSource final : public TensorSource {
 public:
  explicit MeteredSource(TensorsSource& source) : source_(source) {}
  Status Read(int input, const TensorView& view) override {
    REQUIRE(view.rect.y1 <= rows);
    return source_.Read(input, view);
  }
  int64_t rows = 0;

 private:
  TensorsSource& source_;
};

TEST_CASE("A run in steps reads no further than it said and gives the same") {
  Random random(29);
  Memory memory;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const Graph graph = MakeGraph(random, Draw(random, 1, 9), round % 2 == 0, memory);
    const auto program = Prepare(graph, memory);
    const int64_t height = DrawSide(random, graph), width = DrawSide(random, graph);
    std::vector<Tensor> inputs;
    for (const GraphInput& input : graph.inputs)
      inputs.push_back(MakeTensor(random, height, width, input, static_cast<Fill>(Draw(random, 0, 3))));
    const Rect rect = DrawRect(random, program->OutputSize(0, height, width));
    const Settings settings{Draw(random, 0, 5), 1};
    TensorsSource tensors(inputs);
    MeteredSource source(tensors);
    TensorsSink sink(graph.outputs.size(), rect);
    Serial serial;
    std::unique_ptr<ProgramRun> run;
    REQUIRE(program->Begin(height, width, rect, settings.strip_rows, source, sink, serial, memory, &run).ok());
    while (!run->done()) {
      REQUIRE(run->rows_needed() >= source.rows);
      source.rows = run->rows_needed();
      REQUIRE(source.rows <= height);
      REQUIRE(run->Advance().ok());
    }
    REQUIRE(run->Advance().ok());
    REQUIRE(sink.complete());
    CHECK(sink.tensors == Run(*program, graph, inputs, rect, settings));
  }
}

TEST_CASE("A random graph gives what its definition says, for any rectangle, strips and tasks") {
  Random random(7);
  Memory memory;
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    const Graph graph = MakeGraph(random, Draw(random, 1, 9), round % 2 == 0, memory);
    const Kernels& kernels = *SupportedKernels()[round % SupportedKernels().size()];
    CAPTURE(kernels.name);
    const auto program = Prepare(graph, memory, kernels);
    const int64_t height = DrawSide(random, graph), width = DrawSide(random, graph);
    std::vector<Tensor> inputs;
    for (const GraphInput& input : graph.inputs)
      inputs.push_back(MakeTensor(random, height, width, input, static_cast<Fill>(Draw(random, 0, 3))));
    const std::vector<Tensor> expected = EvaluateGraph(graph, inputs);
    const Rect whole = program->OutputSize(0, height, width);
    REQUIRE((whole.x1 == expected[0].width && whole.y1 == expected[0].height));
    CHECK(Run(*program, graph, inputs, whole) == expected);
    for (int i = 0; i < 4; ++i) {
      const Rect rect = DrawRect(random, whole);
      const std::vector<Tensor> result = Run(*program, graph, inputs, rect, {Draw(random, 0, 5), i % 2 ? 3u : 1u});
      for (size_t j = 0; j < result.size(); ++j) CHECK(result[j] == Crop(expected[j], rect));
    }
  }
}

// A graph of one node over inputs of `channels` each.
Graph MakeSingle(const Node& node, std::initializer_list<int> channels, Memory& memory) {
  Graph graph(memory);
  for (const int each : channels) graph.inputs.push_back({each, -32768, 32767});
  graph.nodes.push_back(node);
  graph.outputs.push_back(static_cast<int>(channels.size()));
  return graph;
}

Tensor MakeValues(int64_t height, int64_t width, int channels, std::initializer_list<int> values) {
  Tensor tensor(height, width, channels);
  REQUIRE(tensor.data.size() == values.size());
  std::copy(values.begin(), values.end(), tensor.data.begin());
  return tensor;
}

// With every kernel that there is.
void CheckNode(const Node& node, const std::vector<Tensor>& inputs, const Tensor& expected, Memory& memory) {
  Graph graph = inputs.size() == 1 ? MakeSingle(node, {inputs[0].channels}, memory)
                                   : MakeSingle(node, {inputs[0].channels, inputs[1].channels}, memory);
  for (const Kernels* kernels : SupportedKernels()) {
    CAPTURE(kernels->name);
    const auto program = Prepare(graph, memory, *kernels);
    const Rect whole = program->OutputSize(0, inputs[0].height, inputs[0].width);
    REQUIRE((whole.width() == expected.width && whole.height() == expected.height));
    CHECK(Run(*program, graph, inputs, whole)[0].data == expected.data);
  }
}

TEST_CASE("A 1x1 convolution adds bias and residual, rounds, clamps and activates") {
  Memory memory;
  Node node = MakeNode(Operation::kConvolution, 0, kNoTensor, 2, memory);
  node.weight.assign({3, -2, 1, 100});
  node.bias.assign({1, -200});
  node.shift.assign({1, 3});
  const Tensor a = MakeValues(1, 3, 2, {1, 2, -5, 4, 7, 0});
  // (3*1 - 2*2 + 1 + 1) >> 1, (1 + 200 - 200 + 4) >> 3; (-15 - 8 + 2) >> 1, (-5 + 400 - 196) >> 3; 23 >> 1, (7 - 196)
  // >> 3
  CheckNode(node, {a}, MakeValues(1, 3, 2, {0, 0, -11, 24, 11, -24}), memory);
  node.low = -10;
  node.high = 20;
  CheckNode(node, {a}, MakeValues(1, 3, 2, {0, 0, -10, 20, 11, -10}), memory);
  node.activation = Activation::kRelu;
  CheckNode(node, {a}, MakeValues(1, 3, 2, {0, 0, 0, 20, 11, 0}), memory);
  node.activation = Activation::kLeakyRelu;
  node.slope_shift = 2;
  CheckNode(node, {a}, MakeValues(1, 3, 2, {0, 0, -3, 20, 11, -3}), memory);
  node.activation = Activation::kAbsolute;
  node.slope_shift = 0;
  CheckNode(node, {a}, MakeValues(1, 3, 2, {0, 0, 10, 20, 11, 10}), memory);
  node.activation = Activation::kNone;
  node.b = 1;
  node.skip_shift.assign({2, 0});
  const Tensor b = MakeValues(1, 3, 2, {1, -5, 2, 6, -3, 9});
  // (1 + 4) >> 1, (5 - 5) >> 3; (-21 + 8) >> 1, (199 + 6) >> 3 cut; (23 - 12) >> 1, (-189 + 9) >> 3 cut
  CheckNode(node, {a, b}, MakeValues(1, 3, 2, {2, 0, -7, 20, 5, -10}), memory);
}

TEST_CASE("Convolutions see zeros outside the tensor") {
  Memory memory;
  Node node = MakeNode(Operation::kConvolution, 0, kNoTensor, 1, memory);
  node.kernel = 3;
  node.weight.assign({1, 2, 3, 4, 5, 6, 7, 8, 9});
  node.bias.assign(1, 0);
  node.shift.assign(1, 0);
  const Tensor a = MakeValues(2, 3, 1, {1, 10, 100, 2, 20, 200});
  // above, row and below: (y, x) = 5 a(y, x) + 6 a(y, x + 1) + 8 a(y + 1, x) + ...
  CheckNode(node, {a},
            MakeValues(2, 3, 1,
                       {5 + 60 + 16 + 180, 4 + 50 + 600 + 14 + 160 + 1800, 40 + 500 + 140 + 1600, 10 + 120 + 2 + 30,
                        8 + 100 + 1200 + 1 + 20 + 300, 80 + 1000 + 10 + 200}),
            memory);
  node.stride = 2;
  CheckNode(node, {a}, MakeValues(1, 2, 1, {5 + 60 + 16 + 180, 40 + 500 + 140 + 1600}), memory);
  node.stride = 1;
  node.operation = Operation::kDepthwise;
  const Tensor one = MakeValues(1, 1, 1, {-3});
  CheckNode(node, {one}, MakeValues(1, 1, 1, {-15}), memory);
  node.kernel = 5;
  node.weight.assign(25, 0);
  node.weight[0] = 1;   // (y - 2, x - 2)
  node.weight[14] = 3;  // (y, x + 2)
  CheckNode(node, {MakeValues(3, 3, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9})},
            MakeValues(3, 3, 1, {9, 0, 0, 18, 0, 0, 27, 0, 1}), memory);
}

TEST_CASE("Depthwise convolutions keep channels apart") {
  Memory memory;
  Node node = MakeNode(Operation::kDepthwise, 0, 1, 2, memory);
  node.kernel = 3;
  node.weight.assign({0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0});
  node.bias.assign({0, 1});
  node.shift.assign({0, 1});
  node.skip_shift.assign({1, 3});
  CheckNode(node, {MakeValues(1, 2, 2, {1, 2, 3, 4}), MakeValues(1, 2, 2, {10, 20, 30, 40})},
            MakeValues(1, 2, 2, {2 + 20, (14 + 1 + 160 + 1) / 2, 1 + 6 + 60, (28 + 1 + 320 + 1) / 2}), memory);
}

TEST_CASE("Shuffle and unshuffle keep the position within a block outermost in the channels") {
  Memory memory;
  Node node = MakeNode(Operation::kShuffle, 0, kNoTensor, 2, memory);
  node.factor = 2;
  const Tensor deep = MakeValues(1, 2, 8, {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17});
  const Tensor wide = MakeValues(2, 4, 2, {0, 1, 2, 3, 10, 11, 12, 13, 4, 5, 6, 7, 14, 15, 16, 17});
  CheckNode(node, {deep}, wide, memory);
  node.operation = Operation::kUnshuffle;
  node.channels = 8;
  CheckNode(node, {wide}, deep, memory);
}

TEST_CASE("Sums, products, look-ups and activations work value by value") {
  Memory memory;
  const Tensor a = MakeValues(1, 1, 4, {-32768, 32767, -7, 5}), b = MakeValues(1, 1, 4, {-32768, 32767, 3, -2});
  Node add = MakeNode(Operation::kAdd, 0, 1, 4, memory);
  add.left_shift_a = 2;
  add.left_shift_b = 1;
  add.shift.assign(1, 2);
  CheckNode(add, {a, b}, MakeValues(1, 1, 4, {-32768, 32767, (-28 + 6 + 2) / 4, (20 - 4 + 2) / 4}), memory);
  add.shift[0] = 3;  // 6 * 32768 / 8
  CheckNode(add, {a, b}, MakeValues(1, 1, 4, {-24576, 24575, -3, 2}), memory);
  Node multiply = MakeNode(Operation::kMultiply, 0, 1, 4, memory);
  multiply.shift.assign(1, 16);
  CheckNode(multiply, {a, b}, MakeValues(1, 1, 4, {16384, 16383, 0, 0}), memory);
  multiply.shift[0] = 2;
  CheckNode(multiply, {a, b}, MakeValues(1, 1, 4, {32767, 32767, -5, -2}), memory);
  Node absolute = MakeNode(Operation::kActivate, 0, kNoTensor, 4, memory);
  absolute.activation = Activation::kAbsolute;
  CheckNode(absolute, {a}, MakeValues(1, 1, 4, {32767, 32767, 7, 5}), memory);
  Node table = MakeNode(Operation::kLookup, 0, kNoTensor, 4, memory);
  table.low = -7;
  table.high = -5;
  table.table.assign({100, 200, 300});
  CheckNode(table, {a}, MakeValues(1, 1, 4, {100, 300, 100, 300}), memory);
}

TEST_CASE("Concatenation puts the channels of b behind those of a") {
  Memory memory;
  CheckNode(MakeNode(Operation::kConcatenate, 0, 1, 3, memory),
            {MakeValues(2, 1, 1, {1, 2}), MakeValues(2, 1, 2, {3, 4, 5, 6})}, MakeValues(2, 1, 3, {1, 3, 4, 2, 5, 6}),
            memory);
}

TEST_CASE("An input may itself be an output, and an output may be asked for twice") {
  Memory memory;
  Graph graph(memory);
  graph.inputs.push_back({1, -5, 5});
  graph.outputs.assign({0, 0});
  const auto program = Prepare(graph, memory);
  const std::vector<Tensor> inputs = {MakeValues(2, 2, 1, {1, 2, 3, 4})};
  const auto result = Run(*program, graph, inputs, {1, 0, 2, 2});
  CHECK(result[0].data == std::vector<int16_t>{2, 4});
  CHECK(result[1].data == result[0].data);
}

// A chain of 3x3 convolutions with residuals, deeper than a strip is high.
Graph MakeChain(Random& random, int length, int channels, Memory& memory) {
  Graph graph(memory);
  graph.inputs.push_back({channels, -32768, 32767});
  for (int i = 0; i < length; ++i)
    graph.nodes.push_back(MakeConvolution(random, graph, i, i > 0 && i % 2 ? i - 1 : kNoTensor,
                                          {Operation::kConvolution, channels, 3, 1}, memory));
  graph.outputs.push_back(length);
  return graph;
}

class CountingSource : public TensorSource {
 public:
  Status Read(int, const TensorView& view) override {
    rows += view.rect.height();
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      for (int64_t x = view.rect.x0; x < view.rect.x1; ++x)
        std::fill_n(view.at(y, x), view.channels, static_cast<int16_t>(y * 31 + x));
    }
    return {};
  }
  int64_t rows = 0;
};

class FailingSink : public TensorSink {
 public:
  explicit FailingSink(int after) : left_(after) {}
  Status Write(int, const ConstTensorView&) override {
    return left_-- > 0 ? Status() : Status::Error(NIC_IO, Status::kNoOffset, "the sink is full");
  }

 private:
  int left_;
};

TEST_CASE("Memory is bounded by the strip, not by the height, and as estimated") {
  Random random(3);
  Memory memory;
  const Graph graph = MakeChain(random, 6, 4, memory);
  const auto program = Prepare(graph, memory);
  uint64_t peaks[2] = {};
  for (const int64_t height : {100, 5000}) {
    Memory own;
    CountingSource source;
    FailingSink sink(1 << 30);
    Serial serial;
    const Rect whole{0, 0, 20, height};
    REQUIRE(program->Run(height, 20, whole, 4, source, sink, serial, own).ok());
    CHECK(source.rows == height);  // each once
    CHECK(own.held() == 0);
    const uint64_t estimate = program->EstimateMemory(height, 20, whole, 4);
    CHECK(own.peak() <= estimate + 2048);
    CHECK(program->EstimateMemory(height, 20, whole, 0, 4) >= program->EstimateMemory(height, 20, whole, 0, 1));
    CHECK(own.peak() >= estimate / 2);
    peaks[height == 5000] = own.peak();
  }
  CHECK(peaks[0] == peaks[1]);
  CHECK(peaks[1] < uint64_t{7} * (4 + 2) * 22 * 4 * 2 + 4096);
}

TEST_CASE("A narrow rectangle reads no more of the input than it needs") {
  Random random(3);
  Memory memory;
  const Graph graph = MakeChain(random, 3, 4, memory);
  const auto program = Prepare(graph, memory);
  CountingSource source;
  FailingSink sink(1 << 30);
  Serial serial;
  REQUIRE(program->Run(100000, 100000, {50000, 50000, 50002, 50002}, 0, source, sink, serial, memory).ok());
  CHECK(source.rows == 2 + 2 * 3);
  Rect input;
  REQUIRE(program->FindInputRect(100000, 100000, {50000, 50000, 50002, 50002}, memory, &input).ok());
  CHECK((input.x0 == 49997 && input.y0 == 49997 && input.x1 == 50005 && input.y1 == 50005));
  REQUIRE(program->FindInputRect(4, 5, {0, 1, 1, 2}, memory, &input).ok());
  CHECK((input.x0 == 0 && input.y0 == 0 && input.x1 == 4 && input.y1 == 4));
  CHECK(program->FindInputRect(4, 5, {0, 1, 6, 2}, memory, &input).code() == NIC_INVALID_ARGUMENT);
}

TEST_CASE("A run stops with the status of a source or sink that fails") {
  Random random(4);
  Memory memory;
  const Graph graph = MakeChain(random, 2, 4, memory);
  const auto program = Prepare(graph, memory);
  CountingSource source;
  Serial serial;
  for (const int after : {0, 3}) {
    FailingSink sink(after);
    const Status status = program->Run(40, 7, {0, 0, 7, 40}, 2, source, sink, serial, memory);
    CHECK(status.code() == NIC_IO);
    CHECK(std::string(status.message()) == "the sink is full");
  }
  const std::vector<Tensor> small = {Tensor(3, 7, 4)};
  TensorsSource failing(small);
  FailingSink sink(100);
  CHECK(program->Run(40, 7, {0, 0, 7, 40}, 2, failing, sink, serial, memory).code() == NIC_INTERNAL);
}

TEST_CASE("Sizes and rectangles that do not fit are refused") {
  Memory memory;
  Node node = MakeNode(Operation::kUnshuffle, 0, kNoTensor, 4, memory);
  node.factor = 2;
  const Graph graph = MakeSingle(node, {1}, memory);
  const auto program = Prepare(graph, memory);
  CountingSource source;
  FailingSink sink(100);
  Serial serial;
  const auto run = [&](int64_t height, int64_t width, const Rect& rect) {
    CHECK((program->EstimateMemory(height, width, rect, 0) > 0) == (height == 4 && width == 6 && rect.x1 == 3));
    return program->Run(height, width, rect, 0, source, sink, serial, memory).code();
  };
  CHECK(run(4, 6, {0, 0, 3, 2}) == NIC_OK);
  CHECK(run(5, 6, {0, 0, 3, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(4, 7, {0, 0, 3, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(0, 6, {0, 0, 3, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(4, -6, {0, 0, 3, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(int64_t{1} << 32, 6, {0, 0, 3, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(4, 6, {0, 0, 4, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(4, 6, {0, 0, 0, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(4, 6, {-1, 0, 2, 2}) == NIC_INVALID_ARGUMENT);
  CHECK(run(4, 6, {2, 1, 1, 2}) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("Windows too large for the memory limit, or for any memory, are refused") {
  Random random(5);
  Memory memory;
  const Graph graph = MakeChain(random, 2, 64, memory);
  const auto program = Prepare(graph, memory);
  CountingSource source;
  FailingSink sink(100);
  Serial serial;
  Memory small(1 << 20);
  constexpr int64_t kSide = int64_t{1} << 31;
  const Rect row{0, 0, 100000, 8};
  CHECK_THROWS_AS(program->Run(8, 100000, row, 8, source, sink, serial, small), LimitReached);
  CHECK(small.held() == 0);
  CHECK(program->EstimateMemory(8, 100000, row, 8) > uint64_t{1} << 20);
  const Rect all{0, 0, kSide, kSide};
  CHECK(program->Run(kSide, kSide, all, kSide, source, sink, serial, small).code() == NIC_LIMIT_MEMORY);
  CHECK(program->EstimateMemory(kSide, kSide, all, kSide) == UINT64_MAX);
}

TEST_CASE("An unsafe or malformed graph is not prepared, nor one for a target that is not there") {
  Memory memory;
  Node node = MakeNode(Operation::kMultiply, 0, 0, 1, memory);
  node.shift.assign(1, 31);
  std::unique_ptr<Program> program;
  CHECK(Program::Prepare(MakeSingle(node, {1}, memory), Target::kScalar, memory, &program).code() == NIC_MODEL_UNSAFE);
  node.shift.clear();
  CHECK(Program::Prepare(MakeSingle(node, {1}, memory), Target::kScalar, memory, &program).code() ==
        NIC_MODEL_MALFORMED);
  CHECK(program == nullptr);
  node.shift.assign(1, 4);
  for (const Target target : {Target::kScalar, Target::kSse4, Target::kAvx2, Target::kAvx512, Target::kNeon}) {
    const Status status = Program::Prepare(MakeSingle(node, {1}, memory), target, memory, &program);
    CHECK(status.code() == (TargetSupported(target) ? NIC_OK : NIC_INVALID_ARGUMENT));
  }
}

// As many threads as tasks.
class Threads final : public Parallel {
 public:
  size_t width() const override { return 3; }
  void Run(size_t count, Task task, void* context) override {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < count; ++i) threads.emplace_back(task, context, i);
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_CASE("A program runs in several threads at once, each splitting its work over more") {
  Random random(6);
  Memory memory;
  const Graph graph = MakeChain(random, 4, 24, memory);
  const std::vector<Tensor> inputs = {MakeTensor(random, 40, 60, graph.inputs[0], Fill::kRandom)};
  const Rect whole{0, 0, 60, 40};
  std::vector<std::unique_ptr<Program>> programs;  // of every target, side by side
  for (const Kernels* kernels : SupportedKernels()) programs.push_back(Prepare(graph, memory, *kernels));
  const std::vector<Tensor> expected = Run(*programs[0], graph, inputs, whole);
  std::vector<std::vector<Tensor>> results(2 * programs.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      TensorsSource source(inputs);
      TensorsSink sink(1, whole);
      Threads parallel;
      if (programs[i / 2]->Run(40, 60, whole, 8, source, sink, parallel, memory).ok()) results[i] = sink.tensors;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == expected);
}

}  // namespace
}  // namespace nic::testing
