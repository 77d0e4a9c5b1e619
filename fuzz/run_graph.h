// Running a graph with given kernels, and requiring that execution keeps its promises.
#pragma once

#include <memory>
#include <vector>

#include "intnet/graphs.h"
#include "intnet/kernel.h"
#include "intnet/program.h"
#include "support.h"

namespace nic::fuzz {

inline std::vector<testing::Tensor> RunGraph(const Kernels& kernels, const Graph& graph,
                                             const std::vector<testing::Tensor>& inputs, int64_t strip_rows,
                                             size_t tasks) {
  Memory memory;
  std::unique_ptr<Program> program;
  NIC_FUZZ_CHECK(Program::Prepare(graph, kernels, memory, &program).ok());
  const Rect whole = program->OutputSize(0, inputs[0].height, inputs[0].width);
  testing::TensorsSource source(inputs);
  testing::TensorsSink sink(graph.outputs.size(), whole);
  testing::Backwards parallel(tasks);
  NIC_FUZZ_CHECK(
      program->Run(inputs[0].height, inputs[0].width, whole, strip_rows, source, sink, parallel, memory).ok());
  NIC_FUZZ_CHECK(source.orderly() && sink.complete());
  program.reset();
  NIC_FUZZ_CHECK(memory.held() == 0);
  return sink.tensors;
}

}  // namespace nic::fuzz
