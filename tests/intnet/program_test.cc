#include "intnet/program.h"

#include <catch2/catch.hpp>

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

}  // namespace
}  // namespace nic::testing
