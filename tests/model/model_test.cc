#include "model/model.h"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <utility>

#include "support/small_model.h"

using nic::CheckModel;
using nic::DecoderModel;
using nic::EncoderModel;
using nic::Graph;
using nic::Memory;
using nic::Node;
using nic::Operation;
using nic::Status;
using nic::testing::FillSmallModel;
using nic::testing::SmallModel;

namespace {

struct DecoderCase {
  const char* message;  // what the refusal says, or its beginning
  std::function<void(DecoderModel&)> change;
  nic_status code = NIC_MODEL_MALFORMED;
};

struct EncoderCase {
  const char* message;
  std::function<void(EncoderModel&)> change;
  nic_status code = NIC_MODEL_MALFORMED;
};

// The node that makes output number `output`.
Node& OutputNode(Graph& graph, size_t output = 0) {
  return graph.nodes[static_cast<size_t>(graph.outputs[output]) - graph.inputs.size()];
}

void MakeUnsafe(Graph& graph) {
  for (Node& node : graph.nodes) {
    for (int16_t& weight : node.weight) weight = 32767;
    for (int32_t& bias : node.bias) bias = 2147483647;
  }
}

void CheckRefused(const Status& status, const char* message, nic_status code) {
  CAPTURE(message, status.message());
  REQUIRE(status.code() == code);
  REQUIRE(std::string(status.message()).substr(0, std::string(message).size()) == message);
}

std::vector<DecoderCase> NumberCases() {
  return {
      {"latent_channels: 0 is not in 1 .. 1024", [](auto& m) { m.latent_channels = 0; }},
      {"latent_channels: 1025 is not in", [](auto& m) { m.latent_channels = 1025; }},
      {"latent_channels: -8 is not in", [](auto& m) { m.latent_channels = -8; }},
      {"hyper_channels: 0 is not in 1 .. 1024", [](auto& m) { m.hyper_channels = 0; }},
      {"hyper_channels: 1025 is not in", [](auto& m) { m.hyper_channels = 1025; }},
      {"latent_factor: not 8, 16 or 32", [](auto& m) { m.latent_factor = 12; }},
      {"latent_factor: not 8, 16 or 32", [](auto& m) { m.latent_factor = 0; }},
      {"latent_factor: not 8, 16 or 32", [](auto& m) { m.latent_factor = 64; }},
      {"hyper_factor: its product", [](auto& m) { m.hyper_factor = 0; }},
      {"hyper_factor: its product", [](auto& m) { m.hyper_factor = 3; }},
      {"hyper_factor: its product", [](auto& m) { m.hyper_factor = 8; }},
      {"hyper_factor: its product", [](auto& m) { m.hyper_factor = -4; }},
      {"latent_bits: -1 is not in 0 .. 8", [](auto& m) { m.latent_bits = -1; }},
      {"latent_bits: 9 is not in 0 .. 8", [](auto& m) { m.latent_bits = 9; }},
      {"output_bits: -1 is not in 0 .. 7", [](auto& m) { m.output_bits = -1; }},
      {"output_bits: 8 is not in 0 .. 7", [](auto& m) { m.output_bits = 8; }},
      {"levels: 0 is not in 1 .. 16", [](auto& m) { m.levels = 0; }},
      {"levels: 17 is not in 1 .. 16", [](auto& m) { m.levels = 17; }},
      {"scales: 0 is not in 1 .. 255", [](auto& m) { m.scales = 0; }},
      {"scales: 256 is not in 1 .. 255", [](auto& m) { m.scales = 256; }},
      {"first_coded_scale: -1 is not in 0 .. 12", [](auto& m) { m.first_coded_scale = -1; }},
      {"first_coded_scale: 13 is not in 0 .. 12", [](auto& m) { m.first_coded_scale = 13; }},
      {"latent_low: 1 is not in -32768 .. 0", [](auto& m) { m.latent_low = 1; }},
      {"latent_high: -1 is not in 0 .. 32767", [](auto& m) { m.latent_high = -1; }},
  };
}

std::vector<DecoderCase> TableCases() {
  return {
      {"gain table: not one entry", [](auto& m) { m.inverse_gain.pop_back(); }},
      {"gain table: not one entry", [](auto& m) { m.inverse_gain.push_back(0); }},
      {"inverse_gain: 57345 is not in -69632 .. 57344", [](auto& m) { m.inverse_gain[5] = 57345; }},
      {"inverse_gain: -69633 is not in", [](auto& m) { m.inverse_gain.back() = -69633; }},
      {"hyper_tables: not one for each", [](auto& m) { m.hyper_tables.pop_back(); }},
      {"hyper_tables: not one for each", [](auto& m) { m.hyper_tables.push_back(m.hyper_tables[0]); }},
      {"scale_tables: not one for each", [](auto& m) { m.scale_tables.pop_back(); }},
      {"scale_tables: not one for each", [](auto& m) { m.first_coded_scale = 3; }},
  };
}

std::vector<DecoderCase> HyperSynthesisCases() {
  return {
      {"hyper_synthesis: wrong number of outputs", [](auto& m) { m.hyper_synthesis.outputs.clear(); }},
      {"hyper_synthesis: wrong number of outputs", [](auto& m) { m.hyper_synthesis.outputs.push_back(0); }},
      {"hyper_synthesis: graph: inputs", [](auto& m) { m.hyper_synthesis.inputs.clear(); }},
      {"hyper_synthesis: output 0: there is no tensor", [](auto& m) { m.hyper_synthesis.outputs[0] = 99; }},
      {"hyper_synthesis: node 0: weight", [](auto& m) { MakeUnsafe(m.hyper_synthesis); }, NIC_MODEL_UNSAFE},
      {"hyper_synthesis: node 0: weight: -32768", [](auto& m) { m.hyper_synthesis.nodes[0].weight[0] = -32768; }},
      {"hyper_synthesis: wrong number of inputs",
       [](auto& m) {
         for (Node& node : m.hyper_synthesis.nodes) ++node.a;
         ++m.hyper_synthesis.outputs[0];
         m.hyper_synthesis.inputs.push_back(m.hyper_synthesis.inputs[0]);
       }},
      {"hyper_synthesis: wrong number of input channels",
       [](auto& m) {
         m.hyper_channels = 3;
         m.hyper_tables.pop_back();
       }},
      {"hyper_synthesis: wrong ratio of output size", [](auto& m) { m.hyper_factor = 2; }},
      {"hyper_synthesis: input range without 0", [](auto& m) { m.hyper_synthesis.inputs[0].low = 1; }},
      {"hyper_synthesis: input range without 0", [](auto& m) { m.hyper_synthesis.inputs[0].high = -1; }},
  };
}

std::vector<DecoderCase> PassCases() {
  return {
      {"passes: 0 is not in 1 .. 16", [](auto& m) { m.passes.clear(); }},
      {"passes: 17 is not in 1 .. 16",
       [](auto& m) {
         while (m.passes.size() < 17) m.passes.push_back(m.passes[1]);
       }},
      {"pass: channel range outside", [](auto& m) { m.passes[0].coded[0] = {-1, 8}; }},
      {"pass: channel range outside", [](auto& m) { m.passes[0].coded[0] = {0, 9}; }},
      {"pass: channel range outside", [](auto& m) { m.passes[0].coded[3] = {5, 4}; }},
      {"pass: a channel is coded twice", [](auto& m) { m.passes[1].coded[0] = {7, 8}; }},
      {"pass: a channel is never coded", [](auto& m) { m.passes[1].coded[2] = {1, 8}; }},
      {"pass: a channel is never coded", [](auto& m) { m.passes.pop_back(); }},
      {"context graph: graph: outputs", [](auto& m) { m.passes[0].context.outputs.clear(); }},
      {"context graph: wrong number of outputs", [](auto& m) { m.passes[0].context.outputs.pop_back(); }},
      {"context graph: wrong number of inputs", [](auto& m) { m.passes[1].context = m.passes[0].context; }},
      {"context graph: wrong number of inputs", [](auto& m) { m.passes[0].context = m.passes[1].context; }},
      {"context graph: wrong number of output channels",
       [](auto& m) { m.passes[0].context.outputs[0] = m.passes[0].context.outputs[0] - 1; }},
      {"context graph: node 0", [](auto& m) { MakeUnsafe(m.passes[0].context); }, NIC_MODEL_UNSAFE},
      {"context graph: input range narrower than the hyper-features'",
       [](auto& m) { m.passes[0].context.inputs[0].high = 1999; }},
      {"context graph: input range narrower than the hyper-features'",
       [](auto& m) { m.passes[1].context.inputs[1].low = -1999; }},
      {"context graph: input range narrower than the latents'", [](auto& m) { m.latent_low = -4097; }},
      {"context graph: input range narrower than the latents'", [](auto& m) { m.latent_high = 4096; }},
      {"context graph: scale index not below `scales`",
       [](auto& m) { OutputNode(m.passes[0].context, 1).high = static_cast<int16_t>(m.scales); }},
      {"context graph: scale index not below `scales`", [](auto& m) { OutputNode(m.passes[1].context, 1).low = -1; }},
  };
}

std::vector<DecoderCase> SynthesisCases() {
  return {
      {"synthesis: graph: outputs", [](auto& m) { m.synthesis.outputs.clear(); }},
      {"synthesis: wrong number of outputs", [](auto& m) { m.synthesis.outputs.push_back(m.synthesis.outputs[0]); }},
      {"synthesis: wrong ratio of output size",
       [](auto& m) {
         m.latent_factor = 8;
       }},
      {"synthesis: wrong number of output channels",
       [](auto& m) { m.synthesis.outputs[0] -= 1; }},
      {"synthesis: node 0", [](auto& m) { MakeUnsafe(m.synthesis); }, NIC_MODEL_UNSAFE},
  };
}

std::vector<EncoderCase> EncoderCases() {
  return {
      {"gain table: not one entry", [](auto& m) { m.gain.clear(); }},
      {"gain: 57345 is not in", [](auto& m) { m.gain[0] = 57345; }},
      {"gain: -69633 is not in", [](auto& m) { m.gain[0] = -69633; }},
      {"analysis: graph: nodes", [](auto& m) {
         const Node last = m.analysis.nodes.back();
         m.analysis.nodes.resize(4097, last);
       }},
      {"analysis: node 1", [](auto& m) { MakeUnsafe(m.analysis); }, NIC_MODEL_UNSAFE},
      {"analysis: wrong number of outputs", [](auto& m) { m.analysis.outputs.push_back(m.analysis.outputs[0]); }},
      {"analysis: wrong number of output channels", [](auto& m) { --m.analysis.outputs[0]; }},
      {"analysis: input range narrower than -255 .. 255", [](auto& m) { m.analysis.inputs[0].low = -254; }},
      {"analysis: input range narrower than -255 .. 255", [](auto& m) { m.analysis.inputs[0].high = 254; }},
      {"hyper_analysis: node", [](auto& m) { MakeUnsafe(m.hyper_analysis); }, NIC_MODEL_UNSAFE},
      {"hyper_analysis: wrong number of output channels", [](auto& m) { --m.hyper_analysis.outputs[0]; }},
      {"hyper_analysis: wrong ratio of output size", [](auto& m) { OutputNode(m.hyper_analysis).stride = 1; }},
      {"hyper_analysis: input range without 0", [](auto& m) { m.hyper_analysis.inputs[0].low = 1; }},
      {"hyper_analysis: input range without 0", [](auto& m) { m.hyper_analysis.inputs[0].high = -1; }},
  };
}

}  // namespace

TEST_CASE("the small model is a valid one") {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(3, &model);
  const Status decoder = CheckModel(model.decoder);
  INFO(decoder.message());
  REQUIRE(decoder.ok());
  const Status encoder = CheckModel(model.encoder, model.decoder);
  INFO(encoder.message());
  REQUIRE(encoder.ok());
}

TEST_CASE("a decoder model with one thing wrong is refused by its name") {
  for (const auto& cases : {NumberCases(), TableCases(), HyperSynthesisCases(), PassCases(), SynthesisCases()}) {
    for (const DecoderCase& wrong : cases) {
      Memory memory;
      SmallModel model(memory);
      FillSmallModel(3, &model);
      wrong.change(model.decoder);
      CheckRefused(CheckModel(model.decoder), wrong.message, wrong.code);
    }
  }
}

TEST_CASE("an encoder model with one thing wrong is refused by its name") {
  for (const EncoderCase& wrong : EncoderCases()) {
    Memory memory;
    SmallModel model(memory);
    FillSmallModel(3, &model);
    wrong.change(model.encoder);
    CheckRefused(CheckModel(model.encoder, model.decoder), wrong.message, wrong.code);
  }
}

TEST_CASE("hyper-analysis must take slices of any size") {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(3, &model);
  Graph& graph = model.encoder.hyper_analysis;
  graph.nodes.clear();
  Node unshuffle(memory);
  unshuffle.operation = Operation::kUnshuffle;
  unshuffle.a = 0;
  unshuffle.factor = 4;
  unshuffle.channels = 16 * model.decoder.latent_channels;
  graph.nodes.push_back(unshuffle);
  Node project(memory);
  project.operation = Operation::kConvolution;
  project.a = 1;
  project.channels = model.decoder.hyper_channels;
  project.weight.assign(static_cast<size_t>(unshuffle.channels * project.channels), 1);
  project.bias.assign(static_cast<size_t>(project.channels), 0);
  project.shift.assign(static_cast<size_t>(project.channels), 8);
  graph.nodes.push_back(project);
  graph.outputs.assign(1, 2);
  REQUIRE(CheckGraph(graph).ok());
  CheckRefused(CheckModel(model.encoder, model.decoder), "hyper_analysis: unshuffle", NIC_MODEL_MALFORMED);
}

TEST_CASE("a single pass, a single level, no coded scale and 0 fractional bits are allowed") {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(3, &model);
  model.decoder.passes.pop_back();
  for (nic::ChannelRange& range : model.decoder.passes[0].coded) range = {0, model.decoder.latent_channels};
  model.decoder.levels = 1;
  model.decoder.inverse_gain.resize(static_cast<size_t>(model.decoder.latent_channels));
  model.decoder.first_coded_scale = model.decoder.scales;
  model.decoder.scale_tables.clear();
  model.decoder.latent_bits = 0;
  model.decoder.output_bits = 0;
  const Status status = CheckModel(model.decoder);
  INFO(status.message());
  REQUIRE(status.ok());
}

TEST_CASE("multiply-accumulates are counted for each pixel") {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(3, &model);
  // Synthesis: 8 x 40 at every latent; depthwise 9 x 10 and 9 x 10 x 192 at four places for each.
  const double synthesis = 8 * 40 + 4 * (9 * 10 + 9 * 10 * 192);
  const double contexts = (9 * 6 * 10 + 2 * 10 * 8) + (9 * 14 * 10 + 2 * 10 * 8);
  const double hyper = 4 * 96;
  REQUIRE(nic::DecodeMacs(model.decoder) == Approx((synthesis + contexts) / 256 + hyper / 4096));
}

TEST_CASE("a preview with one thing wrong is refused by its name") {
  using nic::PreviewModel;
  struct PreviewCase {
    const char* message;
    std::function<void(PreviewModel&)> change;
    nic_status code = NIC_MODEL_MALFORMED;
  };
  const PreviewCase cases[] = {
      {"preview: none", [](PreviewModel& m) { m.previews.clear(); }},
      {"preview: scale:", [](PreviewModel& m) { m.previews[0].scale = 4; }},
      {"preview: scale:", [](PreviewModel& m) { m.previews[1].scale = 8; }},
      {"preview 1/16: wrong ratio", [](PreviewModel& m) { std::swap(m.previews[0].scale, m.previews[1].scale); }},
      {"preview 1/8: wrong number of inputs",
       [](PreviewModel& m) {
         m.previews[0].graph.nodes.clear();
         m.previews[0].graph.inputs.push_back({8, 0, 1});
         m.previews[0].graph.outputs[0] = 0;
       }},
      {"preview 1/16: wrong number of output channels", [](PreviewModel& m) { m.previews[1].graph.outputs[0] = 0; }},
      {"preview 1/8: wrong number of outputs", [](PreviewModel& m) { m.previews[0].graph.outputs.push_back(2); }},
      {"preview 1/16: wrong ratio", [](PreviewModel& m) { m.previews[1].graph = m.previews[0].graph; }},
      {"preview 1/8", [](PreviewModel& m) { MakeUnsafe(m.previews[0].graph); }, NIC_MODEL_UNSAFE},
  };
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(1, &model);
  PreviewModel fine(memory);
  nic::testing::FillSmallPreview(1, &fine);
  REQUIRE(CheckModel(fine, model.decoder).ok());
  REQUIRE(nic::CountPreviewWork(fine.previews[0].graph) > nic::CountPreviewWork(fine.previews[1].graph));
  for (const PreviewCase& each : cases) {
    PreviewModel changed(memory);
    nic::testing::FillSmallPreview(1, &changed);
    each.change(changed);
    CheckRefused(CheckModel(changed, model.decoder), each.message, each.code);
  }
}

TEST_CASE("deblocking with one thing wrong is refused by its name") {
  using nic::DeblockingModel;
  struct DeblockingCase {
    const char* message;
    std::function<void(DeblockingModel&)> change;
    nic_status code = NIC_MODEL_MALFORMED;
  };
  const DeblockingCase cases[] = {
      {"activity", [](DeblockingModel& m) { m.activity[1] = m.activity[0]; }},
      {"activity", [](DeblockingModel& m) { m.activity[0] = -1; }},
      {"activity", [](DeblockingModel& m) { m.activity.assign({1, 2, 3, 4, 5, 6, 7, 8}); }},
      {"step", [](DeblockingModel& m) { std::swap(m.step[0], m.step[1]); }},
      {"filter_bits", [](DeblockingModel& m) { m.filter_bits = 16; }},
      {"filter: not one", [](DeblockingModel& m) { m.filter.pop_back(); }},
      {"filter: a weight", [](DeblockingModel& m) { m.filter.back() = -32768; }},
      {"filter: a weight",
       [](DeblockingModel& m) {
         for (size_t j = 0; j < 8; ++j) m.filter[j] = 32767;
         m.filter.back() = -32768;
       }},
      {"filter: row 2: weights sum to 65536",
       [](DeblockingModel& m) {
         for (size_t j = 16; j < 24; ++j) m.filter[j] = j % 2 ? 8192 : -8192;
       },
       NIC_MODEL_UNSAFE},
  };
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(1, &model);
  DeblockingModel fine(memory);
  nic::testing::FillSmallDeblocking(1, &fine);
  REQUIRE(CheckModel(fine, model.decoder).ok());
  for (size_t j = 16; j < 24; ++j) fine.filter[j] = j % 2 ? 8191 : -8192;
  fine.filter[16] = 8195;
  REQUIRE(CheckModel(fine, model.decoder).ok());  // 65535
  for (const DeblockingCase& each : cases) {
    DeblockingModel changed(memory);
    nic::testing::FillSmallDeblocking(1, &changed);
    each.change(changed);
    CheckRefused(CheckModel(changed, model.decoder), each.message, each.code);
  }
}

TEST_CASE("a preview without an unshuffle shrinks by a stride") {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(1, &model);
  model.decoder.latent_factor = 8;  // 1/16 is half of the latents' size
  nic::PreviewModel preview(memory);
  nic::PreviewModel::Preview& each = preview.previews.emplace_back(memory);
  each.scale = 16;
  each.graph.inputs.push_back({8, -100, 100});
  Node node(memory);
  node.operation = Operation::kConvolution;
  node.a = 0;
  node.channels = 3;
  node.stride = 2;
  node.weight.assign(24, 1);
  node.bias.assign(3, 0);
  node.shift.assign(3, 0);
  each.graph.nodes.push_back(node);
  each.graph.outputs.push_back(1);
  REQUIRE(CheckModel(preview, model.decoder).ok());
  Node unshuffle(memory);
  unshuffle.operation = Operation::kUnshuffle;
  unshuffle.a = 0;
  unshuffle.factor = 2;
  unshuffle.channels = 32;
  each.graph.nodes.push_back(unshuffle);
  CheckRefused(CheckModel(preview, model.decoder), "preview 1/16: unshuffle is not allowed", NIC_MODEL_MALFORMED);
}
