// Random graphs: every kernel of this machine against the scalar ones, over random rectangles, strips and tasks.
#include <algorithm>

#include "run_graph.h"

using namespace nic;
using nic::testing::Draw;

namespace {

constexpr double kMaxMacs = 4e5;  // of one run: the scalar kernels are slow under sanitizers

int64_t DrawSide(testing::Random& random, const Graph& graph) {  // one that every unshuffle divides
  int64_t unit = 1;
  for (const Node& node : graph.nodes) {
    if (node.operation != Operation::kUnshuffle) continue;
    unit = std::max<int64_t>(unit, TensorResolution(graph, node.a).down * node.factor * 2);
  }
  return unit > 1 ? unit * 3 * Draw(random, 1, 2) : Draw(random, 1, 24);
}

}  // namespace

// The input is the seed.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::seed_seq seed(bytes, bytes + size);
  testing::Random random(seed);
  Memory memory;
  const Graph graph = testing::MakeGraph(random, Draw(random, 1, 9), Draw(random, 0, 1) != 0, memory);
  const int64_t height = DrawSide(random, graph), width = DrawSide(random, graph);
  if (CountMacs(graph) * static_cast<double>(height * width) > kMaxMacs) return 0;
  std::vector<testing::Tensor> inputs;
  for (const GraphInput& input : graph.inputs) {
    inputs.push_back(testing::MakeTensor(random, height, width, input, static_cast<testing::Fill>(Draw(random, 0, 3))));
  }
  const std::vector<testing::Tensor> expected = fuzz::RunGraph(ScalarKernels(), graph, inputs, 0, 1);
  for (const Kernels* kernels : SupportedKernels()) {
    const int64_t strip_rows = Draw(random, 0, 5);
    NIC_FUZZ_CHECK(fuzz::RunGraph(*kernels, graph, inputs, strip_rows, static_cast<size_t>(Draw(random, 1, 3))) ==
                   expected);
  }
  return 0;
}
