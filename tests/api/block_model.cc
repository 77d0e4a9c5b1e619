#include "api/block_model.h"

#include <algorithm>

#include "container/package.h"
#include "model/model_section.h"

namespace nic::testing {
namespace {

constexpr int kBlocks = 4;  // of 8 x 8 pixels in a latent position: latent channels 0 .. 3, the others are 0
constexpr int kScale = 10;  // of every latent, whose mean is 0
constexpr int kUnit = 8;    // latents before the gain are 8 (2 mean - 255)

void Clear(Node& node) {
  std::fill(node.weight.begin(), node.weight.end(), int16_t{0});
  std::fill(node.bias.begin(), node.bias.end(), 0);
  node.activation = Activation::kNone;
  node.slope_shift = 0;
}

// The convolutions of a graph, in order, emptied.
std::vector<Node*> ClearedConvolutions(Graph& graph) {
  std::vector<Node*> convolutions;
  for (Node& node : graph.nodes) {
    if (node.weight.empty()) continue;
    Clear(node);
    convolutions.push_back(&node);
  }
  return convolutions;
}

// Weight 1 from channel `from` at the middle of the kernel to channel `to`.
void Connect(Node& node, int inputs, int from, int to) {
  const int taps = node.kernel * node.kernel;
  node.weight[static_cast<size_t>((to * taps + taps / 2) * inputs + from)] = static_cast<int16_t>(1 << node.shift[0]);
}

}  // namespace

void KeepBlocks(SmallModel* model) {
  // Analysis: unshuffle 8, convolution 192 -> 12, unshuffle 2, convolution 48 -> 8.
  const std::vector<Node*> analysis = ClearedConvolutions(model->encoder.analysis);
  const int sum = (1 << analysis[0]->shift[0]) * kUnit;
  for (size_t i = 0; i < 192; ++i) {
    // The parts of 8 * 1024 / 192, rounded so that they add up.
    analysis[0]->weight[i] =
        static_cast<int16_t>((static_cast<int>(i) + 1) * sum / 192 - static_cast<int>(i) * sum / 192);
  }
  for (int block = 0; block < kBlocks; ++block) Connect(*analysis[1], 48, 12 * block, block);

  // Synthesis: convolution 8 -> 40, shuffle 2, depthwise 3 x 3, convolution 3 x 3 10 -> 192, shuffle 8; its output is
  // in 1/16 of a grey level, as the latents are.
  const std::vector<Node*> synthesis = ClearedConvolutions(model->decoder.synthesis);
  for (int block = 0; block < kBlocks; ++block) Connect(*synthesis[0], 8, block, 10 * block);
  Connect(*synthesis[1], 1, 0, 0);
  for (int sample = 0; sample < 192; ++sample) Connect(*synthesis[2], 10, 0, sample);

  // Contexts: hidden layer, means, scales.
  for (nic::Pass& pass : model->decoder.passes) {
    Node& scales = *ClearedConvolutions(pass.context)[2];
    for (int32_t& bias : scales.bias) bias = kScale << scales.shift[0];
  }
}

std::vector<uint8_t> MakeBlockPackage(uint32_t id) {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(1, &model);
  KeepBlocks(&model);
  std::pmr::vector<uint8_t> decoder(&memory);
  std::pmr::vector<uint8_t> encoder(&memory);
  WriteDecoderSection(model.decoder, &decoder);
  WriteEncoderSection(model.encoder, &encoder);
  PackageWriter writer(id, 1, "blocks", memory);
  std::pmr::vector<uint8_t> bytes(&memory);
  if (!writer.Add(SectionType::kDecoder, 0, decoder).ok() ||
      !writer.Add(SectionType::kEncoder, kSectionOptional, encoder).ok() || !writer.Finish(&bytes).ok()) {
    return {};
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace nic::testing
