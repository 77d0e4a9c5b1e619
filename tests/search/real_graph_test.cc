#include "torch/real_graph.h"

#include <torch/csrc/autograd/generated/variable_factories.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "intnet/graphs.h"
#include "support/small_model.h"

using nic::Graph;
using nic::RealGraph;
using nic::Rounding;
using nic::testing::Fill;
using nic::testing::Random;

namespace {

torch::Tensor ToReal(const nic::testing::Tensor& tensor) {
  const torch::Tensor samples =
      torch::tensor(std::vector<int64_t>(tensor.data.begin(), tensor.data.end()), torch::kLong);
  return samples.view({tensor.height, tensor.width, tensor.channels})
      .permute({2, 0, 1})
      .unsqueeze(0)
      .to(torch::kDouble);
}

std::vector<torch::Tensor> RunReal(const Graph& graph, const std::vector<nic::testing::Tensor>& inputs,
                                   Rounding rounding) {
  std::vector<torch::Tensor> real;
  for (const auto& input : inputs) real.push_back(ToReal(input));
  torch::NoGradGuard no_gradients;
  return RealGraph(graph, torch::TensorOptions().dtype(torch::kDouble)).Run(real, rounding);
}

// The largest difference of any output.
double Difference(const Graph& graph, const std::vector<nic::testing::Tensor>& inputs, Rounding rounding) {
  const std::vector<nic::testing::Tensor> whole = EvaluateGraph(graph, inputs);
  const std::vector<torch::Tensor> real = RunReal(graph, inputs, rounding);
  REQUIRE(real.size() == graph.outputs.size());
  double difference = 0;
  for (size_t i = 0; i < real.size(); ++i) {
    const torch::Tensor expected = ToReal(whole[i]);
    REQUIRE(real[i].sizes() == expected.sizes());
    difference = std::max(difference, (real[i] - expected).abs().max().item<double>());
  }
  return difference;
}

std::vector<nic::testing::Tensor> MakeInputs(Random& random, const Graph& graph, int64_t height, int64_t width,
                                             Fill fill) {
  std::vector<nic::testing::Tensor> inputs;
  for (const nic::GraphInput& input : graph.inputs) inputs.push_back(MakeTensor(random, height, width, input, fill));
  return inputs;
}

// A side that all of the graph's unshuffles divide.
int64_t SideFor(const Graph& graph) {
  int64_t side = 4;
  const size_t tensors = graph.inputs.size() + graph.nodes.size();
  for (size_t i = 0; i < tensors; ++i) {
    side = std::lcm(side, static_cast<int64_t>(TensorResolution(graph, static_cast<int>(i)).down));
  }
  return side;
}

}  // namespace

TEST_CASE("with the integers' roundings, real numbers are the integers") {
  Random random(1);
  nic::Memory memory;
  for (int round = 0; round < 60; ++round) {
    const bool grows = round % 2 == 0;
    const Graph graph = nic::testing::MakeGraph(random, 8, grows, memory);
    const int64_t side = SideFor(graph);
    if (side > 64) continue;
    const Fill fill = round % 5 == 0 ? Fill::kExtremes : Fill::kRandom;
    CAPTURE(round, grows);
    REQUIRE(Difference(graph, MakeInputs(random, graph, side, 2 * side, fill), Rounding::kExact) == 0);
  }
}

TEST_CASE("without roundings a model's networks stay near the integers") {
  Random random(2);
  nic::Memory memory;
  for (const uint32_t seed : {1u, 2u, 3u}) {
    nic::testing::SmallModel model(memory);
    FillSmallModel(seed, &model);
    for (const Graph* graph :
         {&model.encoder.analysis, &model.encoder.hyper_analysis, &model.decoder.hyper_synthesis,
          &model.decoder.passes[0].context, &model.decoder.passes[1].context, &model.decoder.synthesis}) {
      const auto inputs = MakeInputs(random, *graph, 32, 32, Fill::kRandom);
      REQUIRE(Difference(*graph, inputs, Rounding::kExact) == 0);
      REQUIRE(Difference(*graph, inputs, Rounding::kNone) < 8);
    }
  }
}

TEST_CASE("gradients agree with differences") {
  nic::Memory memory;
  nic::testing::SmallModel model(memory);
  FillSmallModel(4, &model);
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const RealGraph graph(model.decoder.synthesis, options);
  torch::manual_seed(3);
  const torch::Tensor at = torch::randn({1, 8, 4, 5}, options) * 300;
  const torch::Tensor direction = torch::randn_like(at);
  const torch::Tensor weight = torch::randn({1, 3, 64, 80}, options);
  const auto value = [&](const torch::Tensor& x) { return (graph.Run({x})[0] * weight).sum(); };
  const torch::Tensor x = at.clone().requires_grad_(true);
  value(x).backward();
  const double slope = (x.grad() * direction).sum().item<double>();
  torch::NoGradGuard no_gradients;
  const double step = 1e-4;
  const double difference = (value(at + step * direction) - value(at - step * direction)).item<double>() / (2 * step);
  REQUIRE(slope == Approx(difference).epsilon(1e-3));
  REQUIRE(std::abs(slope) > 1);
}
