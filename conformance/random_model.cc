#include "random_model.h"

#include <algorithm>
#include <string>

#include "container/package.h"
#include "intnet/graphs.h"
#include "model/model_section.h"

namespace nic::conformance {
namespace {

using testing::Draw;
using testing::OneIn;
using testing::Random;

constexpr int kSmallChannels = 10;

GraphInput MakeInput(int channels, const Bounds& bounds) {
  return {channels, static_cast<int16_t>(bounds.low), static_cast<int16_t>(bounds.high)};
}

// Adds nodes to a graph, each of which CheckGraph accepts.
class GraphMaker {
 public:
  GraphMaker(Random& random, Memory& memory, Graph* graph) : random_(random), memory_(memory), graph_(*graph) {}

  int Input(int channels, const Bounds& bounds) {
    graph_.inputs.push_back(MakeInput(channels, bounds));
    return Last();
  }
  void Output(int tensor) { graph_.outputs.push_back(tensor); }
  int Last() const { return static_cast<int>(graph_.inputs.size() + graph_.nodes.size()) - 1; }

  // A convolution to `channels` channels that scales, without a residual.
  int Convolve(int a, int channels, int kernel, int stride = 1) {
    const testing::ConvolutionShape shape{Operation::kConvolution, channels, kernel, stride};
    Node node = testing::MakeConvolution(random_, graph_, a, kNoTensor, shape, memory_);
    Decorate(&node);
    return Append(std::move(node));
  }

  int Rearrange(Operation operation, int a, int factor) {
    const int channels = TensorChannels(graph_, a);
    const int result = operation == Operation::kShuffle ? channels / (factor * factor) : channels * factor * factor;
    Node node = testing::MakeNode(operation, a, kNoTensor, result, memory_);
    node.factor = static_cast<uint8_t>(factor);
    testing::WidenClampOfCopy(graph_, node);
    return Append(std::move(node));
  }

  int Join(int a, int b) {
    Node node = testing::MakeNode(Operation::kConcatenate, a, b, TensorChannels(graph_, a) + TensorChannels(graph_, b),
                                  memory_);
    testing::WidenClampOfCopy(graph_, node);
    return Append(std::move(node));
  }

  // Any tensor of the last one's size with `channels` channels, of which there must be one; perhaps an input.
  int Any(int channels) { return FindSecond(Last(), channels); }

  // A few nodes of any kind that keep the size; returns the last of them, or `a`.
  int AppendBody(int a, int nodes) {
    for (int i = 0; i < nodes; ++i) a = AppendAny(a);
    return a;
  }

  // Grows by `factor`, a power of two, to `channels` channels.
  int Grow(int a, int factor, int channels) {
    while (factor > 1) {
      int step = 2;
      while (step < factor && step < 16 && OneIn(random_, 2)) step *= 2;
      factor /= step;
      const int between = factor == 1 ? channels : Draw(random_, 1, 4);
      a = Convolve(a, between * step * step, OneIn(random_, 3) ? 3 : 1);
      a = Rearrange(Operation::kShuffle, a, step);
      if (factor > 1) a = AppendBody(a, Draw(random_, 0, 2));
    }
    if (TensorChannels(graph_, a) != channels || OneIn(random_, 2)) a = Convolve(a, channels, 3);
    return a;
  }

  // Shrinks by `factor`, a power of two, to `channels` channels. Unshuffles only where asked: they need whole
  // multiples.
  int Shrink(int a, int factor, int channels, bool unshuffle) {
    while (factor > 1) {
      if (unshuffle && TensorChannels(graph_, a) <= kSmallChannels && OneIn(random_, 2)) {
        const int step = factor >= 4 && OneIn(random_, 2) ? 4 : 2;
        a = Rearrange(Operation::kUnshuffle, a, step);
        a = Convolve(a, Draw(random_, 1, kSmallChannels), 1);
        factor /= step;
      } else {
        a = Convolve(a, Draw(random_, 1, kSmallChannels), 2 * Draw(random_, 0, 2) + 1, 2);
        factor /= 2;
      }
      a = AppendBody(a, Draw(random_, 0, 2));
    }
    return Convolve(a, channels, 1);
  }

  // Scale indices in 0 .. scales - 1, lively ones.
  int Index(int a, int channels, int scales) {
    a = Convolve(a, channels, OneIn(random_, 2) ? 1 : 3);
    return OneIn(random_, 2) ? IndexByTable(a, scales) : IndexByAbsolute(a, scales);
  }

 private:
  int Append(Node node) {
    graph_.nodes.push_back(std::move(node));
    return Last();
  }

  void Decorate(Node* node) {
    if (OneIn(random_, 3)) testing::SetRandomClamp(random_, *node);
    if (OneIn(random_, 2)) testing::SetRandomActivation(random_, *node);
  }

  int IndexByTable(int a, int scales) {
    Node node = testing::MakeNode(Operation::kLookup, a, kNoTensor, TensorChannels(graph_, a), memory_);
    const int reach = OneIn(random_, 3) ? 2000 : 50;
    node.low = static_cast<int16_t>(-Draw(random_, 0, reach));
    node.high = static_cast<int16_t>(Draw(random_, 0, reach));
    for (int i = node.low; i <= node.high; ++i)
      node.table.push_back(static_cast<int16_t>(Draw(random_, 0, scales - 1)));
    return Append(std::move(node));
  }

  int IndexByAbsolute(int a, int scales) {
    Node scaled = testing::MakeNode(Operation::kMultiply, a, a, TensorChannels(graph_, a), memory_);
    scaled.shift.assign(1, static_cast<uint8_t>(Draw(random_, 10, 26)));
    const int multiplied = Append(std::move(scaled));
    Node node = testing::MakeNode(Operation::kActivate, multiplied, kNoTensor, TensorChannels(graph_, a), memory_);
    node.low = static_cast<int16_t>(1 - scales);
    node.high = static_cast<int16_t>(scales - 1);
    node.activation = Activation::kAbsolute;
    return Append(std::move(node));
  }

  bool SameSize(int a, int b) const {
    const Resolution one = TensorResolution(graph_, a), other = TensorResolution(graph_, b);
    return one.up == other.up && one.down == other.down;
  }

  // A tensor of a's size with `channels` channels (0: any number that is not large).
  int FindSecond(int a, int channels) {
    std::vector<int> fitting;
    for (int i = 0; i <= Last(); ++i) {
      const int own = TensorChannels(graph_, i);
      if (SameSize(i, a) && (channels ? own == channels : own <= kSmallChannels)) fitting.push_back(i);
    }
    return fitting.empty() ? kNoTensor
                           : fitting[static_cast<size_t>(Draw(random_, 0, static_cast<int>(fitting.size()) - 1))];
  }

  int AppendDense(int a) {
    testing::ConvolutionShape shape;
    shape.channels = Draw(random_, 1, kSmallChannels);
    shape.kernel = 2 * Draw(random_, 0, 2) + 1;
    const int b = OneIn(random_, 2) ? FindSecond(a, 0) : kNoTensor;
    if (b != kNoTensor) shape.channels = TensorChannels(graph_, b);
    Node node = testing::MakeConvolution(random_, graph_, a, b, shape, memory_);
    Decorate(&node);
    return Append(std::move(node));
  }

  int AppendDepthwise(int a) {
    const int channels = TensorChannels(graph_, a);
    const testing::ConvolutionShape shape{Operation::kDepthwise, channels, 2 * Draw(random_, 1, 2) + 1, 1};
    const int b = OneIn(random_, 2) ? FindSecond(a, channels) : kNoTensor;
    Node node = testing::MakeConvolution(random_, graph_, a, b, shape, memory_);
    Decorate(&node);
    return Append(std::move(node));
  }

  int AppendArithmetic(Operation operation, int a) {
    const int channels = TensorChannels(graph_, a);
    const int b = FindSecond(a, channels);
    Node node = testing::MakeNode(operation, a, b, channels, memory_);
    testing::SetRandomShifts(random_, graph_, node);
    if (operation == Operation::kMultiply && OneIn(random_, 2))
      node.shift[0] = static_cast<uint8_t>(Draw(random_, 8, 16));
    Decorate(&node);
    return ProvenOrNothing(std::move(node), a);
  }

  int AppendActivate(int a) {
    Node node = testing::MakeNode(Operation::kActivate, a, kNoTensor, TensorChannels(graph_, a), memory_);
    Decorate(&node);
    return Append(std::move(node));
  }

  int AppendLookup(int a) {
    Node node = testing::MakeNode(Operation::kLookup, a, kNoTensor, TensorChannels(graph_, a), memory_);
    const int middle = Draw(random_, -2000, 2000);
    node.low = static_cast<int16_t>(middle - Draw(random_, 0, 300));
    node.high = static_cast<int16_t>(middle + Draw(random_, 0, 300));
    for (int i = node.low; i <= node.high; ++i)
      node.table.push_back(static_cast<int16_t>(Draw(random_, -32768, 32767)));
    return Append(std::move(node));
  }

  int ProvenOrNothing(Node node, int otherwise) {
    const int result = Append(std::move(node));
    graph_.outputs.push_back(result);
    const bool fine = CheckGraph(graph_).ok();
    graph_.outputs.pop_back();
    if (fine) return result;
    graph_.nodes.pop_back();
    return otherwise;
  }

  int AppendAny(int a) {
    switch (Draw(random_, 1, 10)) {
      case 1:
        return AppendArithmetic(Operation::kAdd, a);
      case 2:
        return AppendArithmetic(Operation::kMultiply, a);
      case 3:
        return AppendActivate(a);
      case 4:
        return OneIn(random_, 2) ? AppendLookup(a) : AppendActivate(a);
      case 5: {
        const int b = FindSecond(a, 0);
        return b == kNoTensor || TensorChannels(graph_, a) > kSmallChannels ? AppendActivate(a) : Join(a, b);
      }
      case 6:
      case 7:
        return AppendDepthwise(a);
      default:
        return AppendDense(a);
    }
  }

  Random& random_;
  Memory& memory_;
  Graph& graph_;
};

Bounds DrawBounds(Random& random) {
  switch (Draw(random, 0, 3)) {
    case 0:
      return {-32768, 32767};
    case 1:
      return {-Draw(random, 0, 60), Draw(random, 0, 60)};
    default:
      return {-Draw(random, 0, 32768), Draw(random, 0, 32767)};
  }
}

LogGain DrawGain(Random& random) {
  return OneIn(random, 4) ? Draw(random, kLogGainLowest, kLogGainHighest) : Draw(random, -3 * 4096, 3 * 4096);
}

// For each phase cuts the channels into one range for each pass, some empty, and deals them out in any order.
void DealChannels(Random& random, DecoderModel* model) {
  const auto passes = static_cast<int>(model->passes.size());
  for (int phase = 0; phase < kPhases; ++phase) {
    std::vector<int> cuts = {0, model->latent_channels};
    for (int i = 1; i < passes; ++i) cuts.push_back(Draw(random, 0, model->latent_channels));
    std::sort(cuts.begin(), cuts.end());
    std::vector<int> order;
    for (int i = 0; i < passes; ++i) order.push_back(i);
    std::shuffle(order.begin(), order.end(), random);
    for (int i = 0; i < passes; ++i) {
      model->passes[static_cast<size_t>(order[static_cast<size_t>(i)])].coded[phase] = {
          cuts[static_cast<size_t>(i)], cuts[static_cast<size_t>(i) + 1]};
    }
  }
}

void MakeContext(Random& random, Memory& memory, const DecoderModel& model, bool first, Graph* graph) {
  GraphMaker maker(random, memory, graph);
  const Graph& hyper = model.hyper_synthesis;
  Bounds features = TensorBounds(hyper, hyper.outputs[0]);
  if (OneIn(random, 2)) features = {-32768, 32767};
  int tensor = 0;
  if (first) {
    tensor = maker.Input(TensorChannels(hyper, hyper.outputs[0]), features);
  } else {
    maker.Input(model.latent_channels, {model.latent_low, model.latent_high});
    maker.Input(TensorChannels(hyper, hyper.outputs[0]), features);
    tensor = maker.Join(0, 1);
  }
  tensor = maker.AppendBody(tensor, Draw(random, 0, 5));
  int mean = maker.Convolve(tensor, model.latent_channels, OneIn(random, 2) ? 1 : 3);
  const int scale = maker.Index(tensor, model.latent_channels, model.scales);
  if (OneIn(random, 6)) mean = maker.Any(model.latent_channels);
  maker.Output(mean);
  maker.Output(scale);
}

void DrawNumbers(Random& random, DecoderModel* model) {
  model->latent_channels = Draw(random, 1, 12);
  model->hyper_channels = Draw(random, 1, 6);
  model->latent_factor = 8 << Draw(random, 0, 2);
  const int most = 64 / model->latent_factor;
  model->hyper_factor = 1;
  while (model->hyper_factor < most && !OneIn(random, 3)) model->hyper_factor *= 2;
  model->latent_bits = Draw(random, 0, 8);
  const Bounds latents = DrawBounds(random);
  model->latent_low = static_cast<int16_t>(latents.low);
  model->latent_high = static_cast<int16_t>(latents.high);
  model->output_bits = Draw(random, 0, 7);
  model->levels = OneIn(random, 4) ? Draw(random, 1, kMaxLevels) : Draw(random, 1, 4);
  model->scales = OneIn(random, 5) ? 255 : Draw(random, 1, 24);
  const int first = OneIn(random, 8) ? model->scales : Draw(random, 0, model->scales / 3);
  model->first_coded_scale = first;
}

void FulfilWishes(const ModelWishes& wishes, DecoderModel* model) {
  if (wishes.latent_factor) model->latent_factor = wishes.latent_factor;
  if (wishes.hyper_factor) model->hyper_factor = wishes.hyper_factor;
  while (model->latent_factor * model->hyper_factor > 64) model->hyper_factor /= 2;
  if (wishes.levels) model->levels = wishes.levels;
  if (wishes.scales) model->scales = wishes.scales;
  if (wishes.first_coded_scale >= 0) model->first_coded_scale = wishes.first_coded_scale;
  model->first_coded_scale = std::min(model->first_coded_scale, model->scales);
  if (wishes.latent_bits >= 0) model->latent_bits = wishes.latent_bits;
  if (wishes.output_bits >= 0) model->output_bits = wishes.output_bits;
}

// Rising thresholds, most of them near what neighbouring samples differ by.
void DrawThresholds(Random& random, int count, std::pmr::vector<int16_t>* thresholds) {
  const int most = 16 << Draw(random, 0, 11);
  while (static_cast<int>(thresholds->size()) < count) {
    const auto drawn = static_cast<int16_t>(Draw(random, 0, OneIn(random, 4) ? 32767 : most - 1));
    const auto place = std::lower_bound(thresholds->begin(), thresholds->end(), drawn);
    if (place == thresholds->end() || *place != drawn) thresholds->insert(place, drawn);
  }
}

// A row that takes from its own sample, `own`, what it gives of the others: less than a half altogether.
void AppendGentleRow(Random& random, int filter_bits, int own, std::pmr::vector<int16_t>* filter) {
  const int most = (1 << filter_bits) / 16;
  int16_t row[kDeblockingPeriod] = {};
  for (int j = 0; j < kDeblockingPeriod; ++j) {
    const int weight = Draw(random, 0, most);
    row[j] = static_cast<int16_t>(row[j] + weight);
    row[own] = static_cast<int16_t>(row[own] - weight);
  }
  filter->insert(filter->end(), row, row + kDeblockingPeriod);
}

// A row of any signs whose magnitudes come to `sum`.
void AppendRow(Random& random, int sum, std::pmr::vector<int16_t>* filter) {
  int row[kDeblockingPeriod] = {};
  while (sum > 0) {
    int& weight = row[Draw(random, 0, kDeblockingPeriod - 1)];
    const int added = std::min({sum, Draw(random, 1, 32767), 32767 - weight});
    weight += added;
    sum -= added;
  }
  for (const int weight : row) filter->push_back(static_cast<int16_t>(OneIn(random, 2) ? weight : -weight));
}

void AppendFilter(Random& random, bool extreme, bool idle, DeblockingModel* model) {
  constexpr int kLargestSum = 65535;
  for (int i = 0; i < 4; ++i) {
    if (extreme || (!idle && OneIn(random, 32))) {
      AppendRow(random, kLargestSum, &model->filter);
    } else if (idle || OneIn(random, 8)) {
      AppendRow(random, idle ? 0 : Draw(random, 0, 1 << model->filter_bits), &model->filter);
    } else {
      AppendGentleRow(random, model->filter_bits, i, &model->filter);
    }
  }
}

}  // namespace

ModelTable MakeRandomTable(std::mt19937& random, Memory& memory) {
  ModelTable table(memory);
  table.low_bits = static_cast<uint8_t>(OneIn(random, 4) ? Draw(random, 1, kMaxLowBits) : 0);
  const int step = 1 << table.low_bits;
  const int most = std::min(kMaxSymbols, 65535 / step - 1);
  const int symbols = OneIn(random, 12) ? Draw(random, 1, most) : Draw(random, 1, std::min(most, 24));
  const int lowest = -(32768 / step) + 1, highest = 32767 / step - symbols;
  table.first =
      static_cast<int16_t>(OneIn(random, 6) ? Draw(random, lowest, highest)
                                            : std::clamp(-symbols / 2 + Draw(random, -3, 3), lowest, highest));
  // One each, then the rest by a random style.
  std::vector<uint32_t> frequencies(static_cast<size_t>(symbols) + 1, 1);
  uint32_t left = kProbabilityOne - static_cast<uint32_t>(frequencies.size());
  const int style = Draw(random, 0, 2);
  while (left > 0) {
    const auto at = static_cast<size_t>(Draw(random, 0, symbols));
    const uint32_t share = style == 0   ? left
                           : style == 1 ? std::min(left, static_cast<uint32_t>(Draw(random, 1, 4000)))
                                        : (left + 1) / 2;
    const uint32_t given = std::min(share, 65535 - frequencies[at]);
    frequencies[at] += given;
    left -= given;
  }
  for (const uint32_t frequency : frequencies) table.frequencies.push_back(static_cast<uint16_t>(frequency));
  return table;
}

void FillRandomModel(std::mt19937& random, const ModelWishes& wishes, Memory& memory, RandomModel* model) {
  DecoderModel& decoder = model->decoder;
  DrawNumbers(random, &decoder);
  FulfilWishes(wishes, &decoder);
  for (int i = 0; i < decoder.levels * decoder.latent_channels; ++i) {
    decoder.inverse_gain.push_back(DrawGain(random));
    model->encoder.gain.push_back(DrawGain(random));
  }
  for (int c = 0; c < decoder.hyper_channels; ++c) decoder.hyper_tables.push_back(MakeRandomTable(random, memory));
  for (int s = decoder.first_coded_scale; s < decoder.scales; ++s) {
    decoder.scale_tables.push_back(MakeRandomTable(random, memory));
  }

  GraphMaker hyper(random, memory, &decoder.hyper_synthesis);
  int tensor = hyper.Input(decoder.hyper_channels, DrawBounds(random));
  tensor = hyper.AppendBody(tensor, Draw(random, 0, 4));
  hyper.Output(hyper.Grow(tensor, decoder.hyper_factor, Draw(random, 1, 8)));

  const int drawn = OneIn(random, 6) ? Draw(random, 5, 8) : Draw(random, 1, 4);
  const int passes = wishes.passes ? wishes.passes : drawn;
  for (int i = 0; i < passes; ++i) {
    MakeContext(random, memory, decoder, i == 0, &decoder.passes.emplace_back(memory).context);
  }
  DealChannels(random, &decoder);

  GraphMaker synthesis(random, memory, &decoder.synthesis);
  tensor = synthesis.Input(decoder.latent_channels, DrawBounds(random));
  tensor = synthesis.AppendBody(tensor, Draw(random, 0, 4));
  synthesis.Output(synthesis.Grow(tensor, decoder.latent_factor, 3));

  GraphMaker analysis(random, memory, &model->encoder.analysis);
  tensor = analysis.Input(3, {-255, 255});
  tensor = analysis.AppendBody(tensor, Draw(random, 0, 2));
  analysis.Output(analysis.Shrink(tensor, decoder.latent_factor, decoder.latent_channels, true));

  GraphMaker hyper_analysis(random, memory, &model->encoder.hyper_analysis);
  tensor = hyper_analysis.Input(decoder.latent_channels, {-32768, 32767});
  hyper_analysis.Output(hyper_analysis.Shrink(tensor, decoder.hyper_factor, decoder.hyper_channels, false));
}

void AddRandomPreviews(std::mt19937& random, const std::vector<int>& scales, Memory& memory, RandomModel* model) {
  const DecoderModel& decoder = model->decoder;
  for (const int scale : scales) {
    PreviewModel::Preview& preview = model->preview.previews.emplace_back(memory);
    preview.scale = scale;
    GraphMaker maker(random, memory, &preview.graph);
    int tensor = maker.Input(decoder.latent_channels, DrawBounds(random));
    tensor = maker.AppendBody(tensor, Draw(random, 0, 3));
    if (scale > decoder.latent_factor) {
      maker.Output(maker.Shrink(tensor, scale / decoder.latent_factor, 3, false));
    } else {
      maker.Output(maker.Grow(tensor, decoder.latent_factor / scale, 3));
    }
  }
}

void AddRandomDeblocking(std::mt19937& random, const DeblockingWishes& wishes, Memory& memory, RandomModel* model) {
  model->deblocking = std::make_unique<DeblockingModel>(memory);
  DeblockingModel& made = *model->deblocking;
  DrawThresholds(random, wishes.activities < 0 ? Draw(random, 0, kMaxDeblockingThresholds) : wishes.activities,
                 &made.activity);
  DrawThresholds(random, wishes.steps < 0 ? Draw(random, 0, kMaxDeblockingThresholds) : wishes.steps, &made.step);
  made.filter_bits = wishes.filter_bits < 0 ? Draw(random, 0, kMaxDeblockingBits) : wishes.filter_bits;
  for (int kind = 0; kind < model->decoder.levels * kDeblockingKinds; ++kind) {
    const bool idle = !wishes.extreme && OneIn(random, 8);  // which a decoder may take for nothing to do
    for (size_t i = 0; i < made.classes(); ++i) AppendFilter(random, wishes.extreme, idle, &made);
  }
}

std::vector<uint8_t> MakePackage(const RandomModel& model, const PackageChoices& choices, Memory& memory) {
  std::pmr::vector<uint8_t> decoder(&memory), encoder(&memory), bytes(&memory);
  WriteDecoderSection(model.decoder, &decoder);
  WriteEncoderSection(model.encoder, &encoder);
  static constexpr uint8_t kNotes[] = {'r', 'a', 'n', 'd', 'o', 'm'};
  const std::string name = choices.name.empty() ? "random-" + std::to_string(choices.id) : choices.name;
  PackageWriter writer(choices.id, choices.version, name, memory);
  bool fine = writer.Add(SectionType::kDecoder, 0, decoder, choices.zstd_level).ok();
  if (choices.with_encoder) {
    fine = fine && writer.Add(SectionType::kEncoder, kSectionOptional, encoder, choices.zstd_level).ok();
  }
  if (choices.notes) fine = fine && writer.Add(SectionType::kNotes, kSectionOptional, kNotes, choices.zstd_level).ok();
  if (!model.preview.previews.empty()) {
    std::pmr::vector<uint8_t> preview(&memory);
    WritePreviewSection(model.preview, &preview);
    fine = fine && writer.Add(SectionType::kPreview, kSectionOptional, preview, choices.zstd_level).ok();
  }
  if (model.deblocking) {
    std::pmr::vector<uint8_t> deblocking(&memory);
    WriteDeblockingSection(*model.deblocking, &deblocking);
    fine = fine && writer.Add(SectionType::kDeblocking, 0, deblocking, choices.zstd_level).ok();
  }
  if (!fine || !writer.Finish(&bytes).ok()) return {};
  return {bytes.begin(), bytes.end()};
}

}  // namespace nic::conformance
