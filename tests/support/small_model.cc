#include "support/small_model.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "container/package.h"
#include "model/model_section.h"

namespace nic::testing {
namespace {

constexpr int kLatents = 8;
constexpr int kHyper = 4;
constexpr int kFeatures = 6;
constexpr int kScales = 12;
constexpr int kFirstCoded = 2;
constexpr int kLevels = 3;

class GraphMaker {
 public:
  GraphMaker(Graph* graph, std::mt19937* random) : graph_(*graph), random_(*random) {}

  int Input(int channels, int low, int high) {
    graph_.inputs.push_back({channels, static_cast<int16_t>(low), static_cast<int16_t>(high)});
    return static_cast<int>(graph_.inputs.size()) - 1;
  }

  // Random weights scaled so that the result keeps about `gain` times the size of its input before the clamp.
  int Convolve(Operation operation, int a, int channels, int kernel, int stride, int low, int high, double gain) {
    Node node(Resource());
    node.operation = operation;
    node.a = a;
    node.channels = channels;
    node.kernel = static_cast<uint8_t>(kernel);
    node.stride = static_cast<uint8_t>(stride);
    node.low = static_cast<int16_t>(low);
    node.high = static_cast<int16_t>(high);
    const int inputs = operation == Operation::kDepthwise ? 1 : TensorChannels(graph_, a);
    const int taps = kernel * kernel * inputs;
    constexpr int kShift = 10;
    const double size = gain * (1 << kShift) / std::sqrt(static_cast<double>(taps));
    std::normal_distribution<double> weight(0, size);
    std::uniform_int_distribution<int> bias(-(1 << kShift), 1 << kShift);
    for (int i = 0; i < channels * taps; ++i) node.weight.push_back(static_cast<int16_t>(std::lround(weight(random_))));
    for (int i = 0; i < channels; ++i) node.bias.push_back(bias(random_));
    node.shift.assign(static_cast<size_t>(channels), kShift);
    return Append(std::move(node));
  }

  int Rearrange(Operation operation, int a, int factor) {
    Node node(Resource());
    node.operation = operation;
    node.a = a;
    node.factor = static_cast<uint8_t>(factor);
    const int channels = TensorChannels(graph_, a);
    node.channels = operation == Operation::kShuffle ? channels / (factor * factor) : channels * factor * factor;
    node.low = static_cast<int16_t>(TensorBounds(graph_, a).low);
    node.high = static_cast<int16_t>(TensorBounds(graph_, a).high);
    return Append(std::move(node));
  }

  int Join(int a, int b) {
    Node node(Resource());
    node.operation = Operation::kConcatenate;
    node.a = a;
    node.b = b;
    node.channels = TensorChannels(graph_, a) + TensorChannels(graph_, b);
    return Append(std::move(node));
  }

  void Activate(Activation activation, int slope_shift) {
    graph_.nodes.back().activation = activation;
    graph_.nodes.back().slope_shift = static_cast<uint8_t>(slope_shift);
  }
  // Adds the bias to every channel of the last node.
  void Shift(int value) {
    for (int32_t& bias : graph_.nodes.back().bias) bias += value << 10;
  }
  void Output(int tensor) { graph_.outputs.push_back(tensor); }

 private:
  std::pmr::memory_resource& Resource() { return *graph_.nodes.get_allocator().resource(); }
  int Append(Node node) {
    graph_.nodes.push_back(std::move(node));
    return static_cast<int>(graph_.inputs.size() + graph_.nodes.size()) - 1;
  }

  Graph& graph_;
  std::mt19937& random_;
};

// A two-sided geometric distribution of about the given spread.
ModelTable MakeTable(std::pmr::memory_resource& memory, double scale) {
  const int reach = std::clamp(static_cast<int>(std::ceil(4 * scale)), 1, 60);
  std::vector<double> weights;
  for (int k = -reach; k <= reach; ++k) weights.push_back(std::exp(-std::abs(k) / std::max(scale, 0.15)) + 1e-5);
  double sum = 0;
  for (double weight : weights) sum += weight;
  ModelTable table(memory);
  table.first = static_cast<int16_t>(-reach);
  uint32_t used = 0;
  for (double weight : weights) {
    const auto frequency = static_cast<uint16_t>(std::max(1.0, weight / sum * 64000));
    table.frequencies.push_back(frequency);
    used += frequency;
  }
  table.frequencies.push_back(static_cast<uint16_t>(kProbabilityOne - used));
  return table;
}

void MakeContext(std::mt19937* random, bool first, Graph* graph) {
  GraphMaker maker(graph, random);
  int joined = 0;
  if (first) {
    joined = maker.Input(kFeatures, -2000, 2000);
  } else {
    maker.Input(kLatents, -4096, 4095);
    maker.Input(kFeatures, -2000, 2000);
    joined = maker.Join(0, 1);
  }
  const int hidden = maker.Convolve(Operation::kConvolution, joined, 10, 3, 1, -3000, 3000, 1.0);
  maker.Activate(Activation::kLeakyRelu, 3);
  maker.Output(maker.Convolve(Operation::kConvolution, hidden, kLatents, 1, 1, -2000, 2000, 0.1));
  const int scale = maker.Convolve(Operation::kConvolution, hidden, kLatents, 1, 1, 0, kScales - 1, 0.01);
  maker.Shift(5);
  maker.Output(scale);
}

void FillGraphs(std::mt19937* random, SmallModel* model) {
  DecoderModel& decoder = model->decoder;
  GraphMaker analysis(&model->encoder.analysis, random);
  int tensor = analysis.Input(3, -255, 255);
  tensor = analysis.Rearrange(Operation::kUnshuffle, tensor, 8);
  tensor = analysis.Convolve(Operation::kConvolution, tensor, 12, 1, 1, -4000, 4000, 4.0);
  tensor = analysis.Rearrange(Operation::kUnshuffle, tensor, 2);
  analysis.Output(analysis.Convolve(Operation::kConvolution, tensor, kLatents, 1, 1, -8000, 8000, 2.0));

  GraphMaker hyper_analysis(&model->encoder.hyper_analysis, random);
  tensor = hyper_analysis.Input(kLatents, -4096, 4095);
  tensor = hyper_analysis.Convolve(Operation::kConvolution, tensor, 7, 3, 2, -3000, 3000, 0.5);
  hyper_analysis.Activate(Activation::kRelu, 0);
  hyper_analysis.Output(hyper_analysis.Convolve(Operation::kConvolution, tensor, kHyper, 3, 2, -40, 40, 0.02));

  GraphMaker hyper_synthesis(&decoder.hyper_synthesis, random);
  tensor = hyper_synthesis.Input(kHyper, -40, 40);
  tensor = hyper_synthesis.Convolve(Operation::kConvolution, tensor, kFeatures * 16, 1, 1, -2000, 2000, 30.0);
  hyper_synthesis.Output(hyper_synthesis.Rearrange(Operation::kShuffle, tensor, 4));

  GraphMaker synthesis(&decoder.synthesis, random);
  tensor = synthesis.Input(kLatents, -8000, 8000);
  tensor = synthesis.Convolve(Operation::kConvolution, tensor, 10 * 4, 1, 1, -4000, 4000, 1.0);
  tensor = synthesis.Rearrange(Operation::kShuffle, tensor, 2);
  tensor = synthesis.Convolve(Operation::kDepthwise, tensor, 10, 3, 1, -4000, 4000, 1.0);
  synthesis.Activate(Activation::kLeakyRelu, 2);
  tensor = synthesis.Convolve(Operation::kConvolution, tensor, 192, 3, 1, -6000, 6000, 1.0);
  synthesis.Output(synthesis.Rearrange(Operation::kShuffle, tensor, 8));
}

}  // namespace

void FillSmallModel(uint32_t seed, SmallModel* model) {
  std::mt19937 random(seed);
  DecoderModel& decoder = model->decoder;
  std::pmr::memory_resource& memory = *decoder.inverse_gain.get_allocator().resource();
  decoder.latent_channels = kLatents;
  decoder.hyper_channels = kHyper;
  decoder.latent_bits = 6;
  decoder.latent_low = -4096;
  decoder.latent_high = 4095;
  decoder.output_bits = 4;
  decoder.levels = kLevels;
  decoder.scales = kScales;
  decoder.first_coded_scale = kFirstCoded;
  for (int level = 0; level < kLevels; ++level) {
    for (int c = 0; c < kLatents; ++c) {
      const LogGain gain = (level - 2) * 4096 + static_cast<int>(random() % 2048);
      model->encoder.gain.push_back(gain);
      decoder.inverse_gain.push_back(-gain);
    }
  }
  for (int c = 0; c < kHyper; ++c) decoder.hyper_tables.push_back(MakeTable(memory, 1.5 + c));
  for (int s = kFirstCoded; s < kScales; ++s)
    decoder.scale_tables.push_back(MakeTable(memory, 0.2 * std::exp2(s * 0.6)));
  FillGraphs(&random, model);
  for (int i = 0; i < 2; ++i) {
    Pass& pass = decoder.passes.emplace_back(memory);
    for (int phase = 0; phase < kPhases; ++phase) {
      const bool even = phase == 0 || phase == 3;
      if (even == (i == 0)) pass.coded[phase] = {0, kLatents};
    }
    MakeContext(&random, i == 0, &pass.context);
  }
}

void FillSmallPreview(uint32_t seed, PreviewModel* preview) {
  std::mt19937 random(seed + 1000);
  for (const int scale : kPreviewScales) {
    PreviewModel::Preview& each = preview->previews.emplace_back(*preview->previews.get_allocator().resource());
    each.scale = scale;
    GraphMaker maker(&each.graph, &random);
    int tensor = maker.Input(kLatents, -8000, 8000);
    if (scale == 8) {
      tensor = maker.Convolve(Operation::kConvolution, tensor, 12, 3, 1, -6000, 6000, 1.0);
      tensor = maker.Rearrange(Operation::kShuffle, tensor, 2);
    } else {
      tensor = maker.Convolve(Operation::kConvolution, tensor, 3, 1, 1, -6000, 6000, 1.0);
    }
    maker.Output(tensor);
  }
}

void FillSmallDeblocking(uint32_t seed, DeblockingModel* deblocking) {
  std::mt19937 random(seed + 2000);
  deblocking->activity = {100, 900};
  deblocking->step = {50, 700};
  deblocking->filter_bits = 10;
  deblocking->filter.resize(deblocking->place(3, 0));
  for (int16_t& weight : deblocking->filter) weight = static_cast<int16_t>(static_cast<int>(random() % 401) - 200);
}

static std::vector<uint8_t> Pack(const SmallModel& model, uint32_t seed, uint32_t id, bool with_preview,
                                 Memory& memory) {
  std::pmr::vector<uint8_t> decoder(&memory);
  std::pmr::vector<uint8_t> encoder(&memory);
  WriteDecoderSection(model.decoder, &decoder);
  WriteEncoderSection(model.encoder, &encoder);
  PackageWriter writer(id, 1, "small-" + std::to_string(seed), memory);
  std::pmr::vector<uint8_t> bytes(&memory);
  if (!writer.Add(SectionType::kDecoder, 0, decoder).ok() ||
      !writer.Add(SectionType::kEncoder, kSectionOptional, encoder).ok()) {
    return {};
  }
  if (with_preview) {
    PreviewModel preview(memory);
    FillSmallPreview(seed, &preview);
    std::pmr::vector<uint8_t> section(&memory);
    WritePreviewSection(preview, &section);
    if (!writer.Add(SectionType::kPreview, kSectionOptional, section).ok()) return {};
  }
  if (!writer.Finish(&bytes).ok()) return {};
  return {bytes.begin(), bytes.end()};
}

std::vector<uint8_t> MakeSmallPackage(uint32_t seed, uint32_t id, bool with_preview) {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(seed, &model);
  return Pack(model, seed, id, with_preview, memory);
}

std::vector<uint8_t> MakeUnsafePackage(uint32_t seed, uint32_t id) {
  Memory memory;
  SmallModel model(memory);
  FillSmallModel(seed, &model);
  for (Node& node : model.decoder.synthesis.nodes) {
    for (int16_t& weight : node.weight) weight = 32767;
    for (int32_t& bias : node.bias) bias = 2147483647;
  }
  return Pack(model, seed, id, false, memory);
}

}  // namespace nic::testing
