#include "intnet/program.h"

#include "intnet/execution.h"
#include "intnet/kernel.h"
#include "intnet/window.h"

namespace nic {

struct Program::Plan {
  Plan(Memory& memory, const Kernels& chosen) : graph(memory), kernels(chosen) {}
  PreparedGraph graph;
  const Kernels& kernels;
};

namespace {

void PrepareGraph(const Graph& graph, const Kernels& kernels, Memory& memory, PreparedGraph* prepared) {
  const int tensors = static_cast<int>(graph.inputs.size() + graph.nodes.size());
  prepared->tensors.reserve(tensors);
  for (const GraphInput& input : graph.inputs) prepared->tensors.push_back({input.channels, {}});
  for (const Node& node : graph.nodes)
    prepared->tensors.push_back({node.channels, NodeResolution(node, prepared->tensors[node.a].resolution)});
  prepared->layers.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes)
    prepared->layers.push_back(PrepareLayer(node, TensorChannels(graph, node.a), kernels.order, memory));
  prepared->outputs.assign(graph.outputs.begin(), graph.outputs.end());
}

class StripRun final : public ProgramRun {
 public:
  StripRun(const PreparedGraph& graph, const Kernels& kernels, WindowPlan&& plan, const Rect& rect,
           TensorSource& source, TensorSink& sink, Parallel& parallel, Memory& memory)
      : plan_(std::move(plan)), execution_(graph, kernels, plan_, rect, source, sink, parallel, memory) {}

  bool done() const override { return execution_.done(); }
  int64_t rows_needed() const override { return execution_.RowsNeeded(); }
  Status Advance() override { return done() ? Status() : execution_.Advance(); }

 private:
  WindowPlan plan_;
  Execution execution_;
};

}  // namespace

Program::Program(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
Program::~Program() = default;

Status Program::Prepare(const Graph& graph, Target target, Memory& memory, std::unique_ptr<Program>* program) {
  const Kernels* kernels = FindKernels(target);
  if (!kernels)
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "target %s is not supported here",
                         TargetName(target));
  return Prepare(graph, *kernels, memory, program);
}

Status Program::Prepare(const Graph& graph, const Kernels& kernels, Memory& memory, std::unique_ptr<Program>* program) {
  NIC_RETURN_IF_ERROR(CheckGraph(graph));
  auto plan = std::make_unique<Plan>(memory, kernels);
  PrepareGraph(graph, kernels, memory, &plan->graph);
  program->reset(new Program(std::move(plan)));
  return {};
}

Rect Program::OutputSize(int output, int64_t height, int64_t width) const {
  const PreparedGraph& graph = plan_->graph;
  return TensorSize(graph.tensors[graph.outputs[output]], height, width);
}

Status Program::Run(int64_t height, int64_t width, const Rect& rect, int64_t strip_rows, TensorSource& source,
                    TensorSink& sink, Parallel& parallel, Memory& memory) const {
  WindowPlan windows(memory);
  NIC_RETURN_IF_ERROR(PlanWindows(plan_->graph, height, width, rect, strip_rows, parallel.width(), &windows));
  return Execution(plan_->graph, plan_->kernels, windows, rect, source, sink, parallel, memory).Run();
}

Status Program::Begin(int64_t height, int64_t width, const Rect& rect, int64_t strip_rows, TensorSource& source,
                      TensorSink& sink, Parallel& parallel, Memory& memory, std::unique_ptr<ProgramRun>* run) const {
  WindowPlan windows(memory);
  NIC_RETURN_IF_ERROR(PlanWindows(plan_->graph, height, width, rect, strip_rows, parallel.width(), &windows));
  *run = std::make_unique<StripRun>(plan_->graph, plan_->kernels, std::move(windows), rect, source, sink, parallel,
                                    memory);
  return {};
}

Status Program::FindInputRect(int64_t height, int64_t width, const Rect& rect, Memory& memory, Rect* input) const {
  WindowPlan windows(memory);
  NIC_RETURN_IF_ERROR(PlanWindows(plan_->graph, height, width, rect, 0, 1, &windows));
  *input = windows.windows[0].wanted;
  return {};
}

uint64_t Program::EstimateMemory(int64_t height, int64_t width, const Rect& rect, int64_t strip_rows,
                                 size_t threads) const {
  WindowPlan windows(*std::pmr::new_delete_resource());
  const Status status = PlanWindows(plan_->graph, height, width, rect, strip_rows, threads, &windows);
  if (!status.ok()) return status.code() == NIC_LIMIT_MEMORY ? UINT64_MAX : 0;
  return (windows.pool_samples + windows.zero_samples) * sizeof(int16_t) + windows.windows.size() * sizeof(Window);
}

}  // namespace nic
