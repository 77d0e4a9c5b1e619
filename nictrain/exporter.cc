#include "exporter.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "container/package.h"
#include "files.h"
#include "graph_builder.h"
#include "model/model_section.h"
#include "quantiser.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr int kHighestLatentBits = 8;
constexpr int kLowestLatentBits = 3;
constexpr int kOutputBits = 6;
constexpr double kPixelUnits = 510;  // of the analysis' integer input, in the network's input of 1
constexpr double kLevels = 255;      // pixel levels in the network's output of 1

class Exporter {
 public:
  // `grids`, unless null, receives those of all layers.
  Exporter(Network& network, const ExportOptions& options, Memory& memory, std::vector<WeightGrid>* grids = nullptr)
      : network_(network), options_(options), memory_(memory), grids_(grids) {}

  Status BuildGraphs(const Tensor& pictures, DecoderModel* decoder, EncoderModel* encoder) {
    // With grids to collect, weights are followed from the layers' parameters to the graphs' permuted and scaled ones.
    torch::AutoGradMode gradients(grids_ != nullptr);
    NIC_RETURN_IF_ERROR(BuildAnalysis(pictures, encoder).Within("analysis"));
    NIC_RETURN_IF_ERROR(MeasureLatents());
    NIC_RETURN_IF_ERROR(BuildHyperAnalysis(encoder).Within("hyper-analysis"));
    NIC_RETURN_IF_ERROR(BuildHyperSynthesis(decoder).Within("hyper-synthesis"));
    NIC_RETURN_IF_ERROR(BuildPasses(decoder));
    NIC_RETURN_IF_ERROR(BuildSynthesis(decoder).Within("synthesis"));
    FillNumbers(decoder);
    FillGains(network_.loggain, latent_bits_ - analysis_exponent_, &encoder->gain);
    FillGains(network_.loginv, synthesis_exponent_ - latent_bits_, &decoder->inverse_gain);
    return {};
  }

 private:
  GraphBuilder NewBuilder() {
    GraphBuilder builder(options_.margin, memory_);
    builder.CollectGrids(grids_);
    return builder;
  }

  static LayerOptions With(Activation activation) {
    LayerOptions options;
    options.activation = activation;
    return options;
  }

  // The result is added to `value`, which must live until the layer is built.
  static LayerOptions Onto(const Value& value) {
    LayerOptions options;
    options.residual = &value;
    return options;
  }

  static Value AddBlock(GraphBuilder& builder, const std::string& name, const Value& x, BlockImpl& block) {
    const auto path = [&](const char* part) { return name + "." + part; };
    const int64_t channels = block.a->weight.size(0);
    LayerOptions depthwise;
    depthwise.depthwise = true;
    const Value wide =
        builder.Convolve(path("a").c_str(), x, block.a->weight, block.a->bias, With(Activation::kLeakyRelu));
    const Value mixed =
        builder.Convolve(path("dw").c_str(), wide, block.depthwise->weight, block.depthwise->bias, depthwise);
    const Value middle = builder.Convolve(path("b").c_str(), mixed, block.b->weight, block.b->bias, Onto(x));
    const auto weights = block.gate->weight.split(channels, 0);
    const auto biases = block.gate->bias.split(channels, 0);
    const Value u = builder.Convolve(path("f1.u").c_str(), middle, weights[0], biases[0]);
    const Value v = builder.Convolve(path("f1.v").c_str(), middle, weights[1], biases[1], With(Activation::kRelu));
    const Value gated = builder.Multiply(path("gate").c_str(), u, v);
    return builder.Convolve(path("f2").c_str(), gated, block.out->weight, block.out->bias, Onto(middle));
  }

  static Value AddBlocks(GraphBuilder& builder, const char* name, Value x, Numbered<Block>& blocks) {
    for (size_t i = 0; i < blocks.layers.size(); ++i) {
      x = AddBlock(builder, std::string(name) + "." + std::to_string(i), x, *blocks.layers[i]);
    }
    return x;
  }

  Status BuildAnalysis(const Tensor& pictures, EncoderModel* encoder) {
    GraphBuilder builder = NewBuilder();
    const Value pixels = builder.Input(pictures * kPixelUnits, 0, -255, 255);
    const Value quads = builder.Unshuffle(AddBlocks(builder, "eb8", AddFirstLayer(builder, pixels), *network_.eb8), 2);
    const auto convolve = [&](const char* name, torch::nn::Conv2d& layer) {
      return builder.Convolve(name, quads, PermuteAfterUnshuffle(layer->weight, 2), layer->bias);
    };
    Value x = AddBlocks(builder, "eb16", convolve("e16", network_.e16), *network_.eb16);
    if (network_.e_linear) {
      const Value linear = convolve("e_linear", network_.e_linear);
      x = builder.Convolve("e_inner", x, network_.e_inner->weight, network_.e_inner->bias, Onto(linear));
    }
    builder.Output(x);
    analysed_ = x.samples;
    analysis_exponent_ = x.exponents[0];
    return builder.Finish(&encoder->analysis);
  }

  Value AddFirstLayer(GraphBuilder& builder, const Value& pixels) {
    const Value patches = builder.Unshuffle(pixels, 8);
    const auto weight = [](torch::nn::Conv2d& layer) { return PermuteAfterUnshuffle(layer->weight / kPixelUnits, 8); };
    const Value x = builder.Convolve("e8", patches, weight(network_.e8), network_.e8->bias);
    if (!network_.e_overlap) return x;
    const Value narrow = builder.Convolve("e_narrow", patches, weight(network_.e_narrow), network_.e_narrow->bias);
    return builder.Convolve("e_overlap", narrow, network_.e_overlap->weight, network_.e_overlap->bias, Onto(x));
  }

  // Gained latents at qualities from one end to the other, and the integers that hold them.
  Status MeasureLatents() {
    torch::NoGradGuard no_gradients;
    std::vector<Tensor> gained;
    for (int64_t level = 0; level < network_.shape().levels; ++level) {
      gained.push_back(analysed_ * network_.Gain(torch::full({1}, static_cast<double>(level))));
    }
    latents_ = torch::cat(gained, 0);
    const double widest = FindRange(latents_).magnitude() * options_.margin;
    latent_bits_ = std::min(kHighestLatentBits, LargestExponent(widest));
    if (latent_bits_ < kLowestLatentBits) {
      return Status::Error(NIC_MODEL_UNSAFE, Status::kNoOffset, "latents reach %.0f, too far for %d fractional bits",
                           widest, kLowestLatentBits);
    }
    latent_bound_ = std::min(32767, static_cast<int>(std::ceil(std::ldexp(widest, latent_bits_))));
    const double bound = std::ldexp(latent_bound_, -latent_bits_);
    latents_ = latents_.clamp(-bound, bound);
    return {};
  }

  Tensor FindHyperSymbols() {
    torch::NoGradGuard no_gradients;
    return (network_.HyperAnalyse(latents_) - network_.zmu).round();
  }

  Status BuildHyperAnalysis(EncoderModel* encoder) {
    const Tensor symbols = FindHyperSymbols();
    hyper_bound_ = static_cast<int>(std::ceil(FindRange(symbols).magnitude() * options_.margin)) + 1;
    hyper_ = symbols.clamp(-hyper_bound_, hyper_bound_);

    GraphBuilder builder = NewBuilder();
    auto& layers = network_.he->layers;
    Value x = builder.Input(latents_, latent_bits_, -latent_bound_, latent_bound_);
    x = builder.Convolve("he.0", x, layers[0]->weight, layers[0]->bias, With(Activation::kLeakyRelu));
    LayerOptions halve = With(Activation::kLeakyRelu);
    halve.stride = 2;
    x = builder.Convolve("he.2", x, layers[1]->weight, layers[1]->bias, halve);
    LayerOptions last;
    last.stride = 2;
    last.form = ResultForm::Fixed(0, -hyper_bound_, hyper_bound_);
    x = builder.Convolve("he.4", x, layers[2]->weight, layers[2]->bias - network_.zmu.flatten(), last);
    builder.Output(x);
    return builder.Finish(&encoder->hyper_analysis);
  }

  Status BuildHyperSynthesis(DecoderModel* decoder) {
    GraphBuilder builder = NewBuilder();
    auto& layers = network_.hd->layers;
    Value x = builder.Input(hyper_, 0, -hyper_bound_, hyper_bound_);
    const Tensor mean = torch::conv2d(network_.zmu, layers[0]->weight, layers[0]->bias).flatten();
    x = builder.Convolve("hd.0", x, PermuteBeforeShuffle(layers[0]->weight, 2), PermuteBeforeShuffle(mean, 2),
                         With(Activation::kLeakyRelu));
    x = builder.Shuffle(x, 2);
    x = builder.Convolve("hd.3", x, PermuteBeforeShuffle(layers[1]->weight, 2),
                         PermuteBeforeShuffle(layers[1]->bias, 2), With(Activation::kLeakyRelu));
    x = builder.Shuffle(x, 2);
    x = builder.Convolve("hd.6", x, layers[2]->weight, layers[2]->bias, With(Activation::kLeakyRelu));
    builder.Output(x);
    features_ = x;
    return builder.Finish(&decoder->hyper_synthesis);
  }

  // The last layers of a pass: means in the latents' unit, and indices of scales.
  void AddMoments(GraphBuilder& builder, const char* name, const Value& x, torch::nn::Conv2dImpl& layer) {
    const std::string path = name;
    const int64_t channels = network_.shape().latents;
    const auto weights = layer.weight.split(channels, 0);
    const auto biases = layer.bias.split(channels, 0);
    LayerOptions mean;
    mean.form = ResultForm::Fixed(latent_bits_, -latent_bound_, latent_bound_);
    LayerOptions index;
    index.form = ResultForm::Fixed(0, 0, options_.scales.count - 1);
    const double per_unit = options_.scales.per_unit();
    const Value means = builder.Convolve((path + ".mean").c_str(), x, weights[0], biases[0], mean);
    const Value indices = builder.Convolve((path + ".scale").c_str(), x, weights[1] * per_unit,
                                           (biases[1] - kMinLogScale) * per_unit, index);
    builder.Output(means);
    builder.Output(indices);
    means_ = means.samples;
  }

  Value FeatureInput(GraphBuilder& builder, const DecoderModel& decoder) {
    const Bounds bounds = TensorBounds(decoder.hyper_synthesis, decoder.hyper_synthesis.outputs[0]);
    return builder.Input(features_.samples, features_.exponents[0], bounds.low, bounds.high);
  }

  // Each pass is calibrated on what the passes before it decode.
  Status BuildPasses(DecoderModel* decoder) {
    const NetworkShape& shape = network_.shape();
    decoded_ = torch::zeros_like(latents_);
    for (int64_t number = 0; number < shape.passes; ++number) {
      Pass& pass = decoder->passes.emplace_back(memory_);
      const std::string name = "pass " + std::to_string(number);
      NIC_RETURN_IF_ERROR(BuildContext(number, *decoder, &pass.context).Within(name.c_str()));
      for (int phase = 0; phase < 4; ++phase) {
        const ChannelSpan span = CodedSpan(shape, number, phase);
        pass.coded[phase] = {static_cast<int>(span.begin), static_cast<int>(span.end)};
      }
      const Tensor mask = PassMask(shape, number, latents_.size(2), latents_.size(3), latents_.options());
      decoded_ = decoded_ + ((latents_ - means_).round() + means_) * mask;
    }
    return {};
  }

  Status BuildContext(int64_t number, const DecoderModel& decoder, Graph* graph) {
    GraphBuilder builder = NewBuilder();
    if (number == 0) {
      AddMoments(builder, "par0", FeatureInput(builder, decoder), *network_.par0);
      return builder.Finish(graph);
    }
    auto& layers = network_.contexts[static_cast<size_t>(number - 1)]->layers;
    const Value decoded = builder.Input(decoded_, latent_bits_, -latent_bound_, latent_bound_);
    const Value features = FeatureInput(builder, decoder);
    Value x = builder.Concatenate(decoded, features);
    x = builder.Convolve("ctx.0", x, layers[0]->weight, layers[0]->bias, With(Activation::kLeakyRelu));
    LayerOptions depthwise;
    depthwise.depthwise = true;
    x = builder.Convolve("ctx.2", x, layers[1]->weight, layers[1]->bias, depthwise);
    x = builder.Convolve("ctx.3", x, layers[2]->weight, layers[2]->bias, With(Activation::kLeakyRelu));
    AddMoments(builder, "ctx.5", x, *layers[3]);
    return builder.Finish(graph);
  }

  // Decoded latents times the inverse gain: at both ends and in the middle, where the rounding errors differ most.
  Tensor SynthesisSamples() const {
    torch::NoGradGuard no_gradients;
    const int64_t levels = network_.shape().levels;
    const int64_t count = analysed_.size(0);
    std::vector<Tensor> samples;
    for (int64_t level : {int64_t{0}, levels / 2, levels - 1}) {
      const Tensor rounded = latents_.narrow(0, level * count, count).round();
      samples.push_back(rounded * network_.InverseGain(torch::full({1}, static_cast<double>(level))));
    }
    return torch::cat(samples, 0);
  }

  // From latents to the features at 1/8, before their shuffle.
  Value AddInner(GraphBuilder& builder, const Value& latents) {
    const auto weight = [](torch::nn::Conv2d& layer) { return PermuteBeforeShuffle(layer->weight, 2); };
    const auto bias = [](torch::nn::Conv2d& layer) { return PermuteBeforeShuffle(layer->bias, 2); };
    if (!network_.d_linear) {
      const Value inner = AddBlocks(builder, "db16", latents, *network_.db16);
      return builder.Convolve("d16", inner, weight(network_.d16), bias(network_.d16));
    }
    Value inner = builder.Convolve("d_inner", latents, network_.d_inner->weight, network_.d_inner->bias);
    inner = AddBlocks(builder, "db16", inner, *network_.db16);
    const Value linear = builder.Convolve("d_linear", latents, weight(network_.d_linear), bias(network_.d_linear));
    return builder.Convolve("d16", inner, weight(network_.d16), bias(network_.d16), Onto(linear));
  }

  // From the features at 1/8 to the samples of 8x8 pixels, in pixel levels.
  Value AddLastLayer(GraphBuilder& builder, const Value& x) {
    const auto weight = [](torch::nn::Conv2d& layer) { return PermuteBeforeShuffle(layer->weight * kLevels, 8); };
    const auto bias = [](torch::nn::Conv2d& layer) { return PermuteBeforeShuffle(layer->bias * kLevels, 8); };
    const int black = 128 << kOutputBits;
    const ResultForm samples = ResultForm::Fixed(kOutputBits, -black, black - 1);
    if (!network_.d_overlap) {
      LayerOptions last;
      last.form = samples;
      return builder.Convolve("d8", x, weight(network_.d8), bias(network_.d8), last);
    }
    const Value patches = builder.Convolve("d8", x, weight(network_.d8), bias(network_.d8));
    const Value narrow = builder.Convolve("d_narrow", x, network_.d_narrow->weight, network_.d_narrow->bias);
    LayerOptions last = Onto(patches);
    last.form = samples;
    return builder.Convolve("d_overlap", narrow, weight(network_.d_overlap), bias(network_.d_overlap), last);
  }

  Status BuildSynthesis(DecoderModel* decoder) {
    GraphBuilder builder = NewBuilder();
    const Tensor samples = SynthesisSamples();
    const double widest = FindRange(samples).magnitude() * options_.margin;
    synthesis_exponent_ = LargestExponent(widest);
    const int bound = std::min(32767, static_cast<int>(std::ceil(std::ldexp(widest, synthesis_exponent_))));
    const double limit = std::ldexp(bound, -synthesis_exponent_);
    Value x = builder.Input(samples.clamp(-limit, limit), synthesis_exponent_, -bound, bound);
    x = AddBlocks(builder, "db8", builder.Shuffle(AddInner(builder, x), 2), *network_.db8);
    x = AddLastLayer(builder, x);
    builder.Output(builder.Shuffle(x, 8));
    return builder.Finish(&decoder->synthesis);
  }

  void FillNumbers(DecoderModel* decoder) const {
    decoder->latent_channels = static_cast<int>(network_.shape().latents);
    decoder->hyper_channels = static_cast<int>(network_.shape().hyper_latents);
    decoder->latent_factor = 16;
    decoder->hyper_factor = 4;
    decoder->latent_bits = latent_bits_;
    decoder->latent_low = static_cast<int16_t>(-latent_bound_);
    decoder->latent_high = static_cast<int16_t>(latent_bound_);
    decoder->output_bits = kOutputBits;
    decoder->levels = static_cast<int>(network_.shape().levels);
    decoder->scales = options_.scales.count;
  }

  // Natural logarithms of factors between real values to logarithms to base 2 of those between integers.
  static void FillGains(const Tensor& natural, int exponents, std::pmr::vector<LogGain>* gains) {
    const Tensor binary = (natural.detach().to(torch::kDouble) / std::log(2.0) + exponents) * (1 << kLogGainBits);
    const Tensor rounded = binary.round().clamp(kLogGainLowest, kLogGainHighest).to(torch::kInt).contiguous();
    const auto* data = rounded.data_ptr<int32_t>();
    gains->assign(data, data + rounded.numel());
  }

  Network& network_;
  const ExportOptions& options_;
  Memory& memory_;
  std::vector<WeightGrid>* grids_;

  Tensor analysed_;  // the analysis' output, before the gain
  Tensor latents_;   // gained, all levels
  Tensor hyper_;     // hyper-latent symbols
  Value features_;
  Tensor means_;    // of the pass built last
  Tensor decoded_;  // the latents of the passes built so far, zeros elsewhere
  int analysis_exponent_ = 0;
  int synthesis_exponent_ = 0;
  int latent_bits_ = 0;
  int latent_bound_ = 0;
  int hyper_bound_ = 0;
};

void StoreTables(const std::vector<FittedTable>& tables, size_t first, Memory& memory,
                 std::pmr::vector<ModelTable>* stored) {
  for (size_t i = first; i < tables.size(); ++i) {
    ModelTable& table = stored->emplace_back(memory);
    table.first = static_cast<int16_t>(tables[i].first);
    table.low_bits = static_cast<uint8_t>(tables[i].low_bits);
    table.frequencies.assign(tables[i].frequencies.begin(), tables[i].frequencies.end());
  }
}

std::vector<FittedTable> FitScaleTables(const Statistics& statistics, const ExportOptions& options) {
  std::vector<FittedTable> tables;
  for (int i = 0; i < options.scales.count; ++i) {
    tables.push_back(
        FitTable(statistics.latent[static_cast<size_t>(i)], options.scales.Deviation(i), options.latent_prior));
  }
  return tables;
}

std::vector<FittedTable> FitHyperTables(const Statistics& statistics, const Network& network, double prior) {
  std::vector<FittedTable> tables;
  const Tensor deviations = network.zls.detach().clamp(kMinLogScale, kMaxLogScale).exp().flatten();
  for (size_t c = 0; c < statistics.hyper.size(); ++c) {
    tables.push_back(FitTable(statistics.hyper[c], deviations[static_cast<int64_t>(c)].item<double>(), prior));
  }
  return tables;
}

// First all latents count as coded, to see from which scale on that pays; then the symbols are counted again as the
// codec will meet them.
void FillTables(Network& network, const Dataset& dataset, const ExportOptions& options, Memory& memory,
                DecoderModel* decoder) {
  const auto gather = [&](int crops, int first_coded) {
    return GatherStatistics(network, dataset, crops, options.side, options.seed, options.scales, first_coded, {});
  };
  decoder->first_coded_scale = options.first_coded;
  if (options.first_coded < 0) {
    const Statistics trial = gather(options.statistics_crops / 4, 0);
    decoder->first_coded_scale = ChooseFirstCoded(trial, FitScaleTables(trial, options));
  }
  const Statistics statistics = gather(options.statistics_crops, decoder->first_coded_scale);
  StoreTables(FitHyperTables(statistics, network, options.hyper_prior), 0, memory, &decoder->hyper_tables);
  StoreTables(FitScaleTables(statistics, options), static_cast<size_t>(decoder->first_coded_scale), memory,
              &decoder->scale_tables);
}

}  // namespace

Status FindWeightSteps(Network& network, const Dataset& dataset, const ExportOptions& options,
                       std::map<std::string, Tensor>* steps) {
  Memory memory;
  DecoderModel decoder(memory);
  EncoderModel encoder(memory);
  std::vector<WeightGrid> grids;
  Exporter exporter(network, options, memory, &grids);
  const Tensor pictures = DrawCalibrationPictures(dataset, options.calibration_crops, options.side, options.seed);
  NIC_RETURN_IF_ERROR(exporter.BuildGraphs(pictures, &decoder, &encoder));
  // A graph's weights are parameters that were permuted and scaled, which gradients undo: that of the weights' sum is
  // the scale, and that of the sum of weights times steps the steps times the scale.
  Tensor sum = torch::zeros({1}), weighted = torch::zeros({1});
  for (const WeightGrid& grid : grids) {
    sum = sum + grid.weight.sum();
    weighted = weighted + (grid.weight * grid.step).sum();
  }
  const auto named = network.named_parameters();
  std::vector<Tensor> parameters;
  for (const auto& item : named) parameters.push_back(item.value());
  const auto scales = torch::autograd::grad({sum}, parameters, {}, true, false, true);
  const auto scaled = torch::autograd::grad({weighted}, parameters, {}, false, false, true);
  steps->clear();
  size_t index = 0;
  for (const auto& item : named) {
    const Tensor& scale = scales[index];
    if (scale.defined()) (*steps)[item.key()] = scaled[index] / (scale * scale);
    ++index;
  }
  return {};
}

Status ExportModel(Network& network, const Dataset& dataset, const ExportOptions& options, Memory& memory,
                   DecoderModel* decoder, EncoderModel* encoder, const std::function<void(const char*)>& progress) {
  progress("calibrating");
  Exporter exporter(network, options, memory);
  const Tensor pictures = DrawCalibrationPictures(dataset, options.calibration_crops, options.side, options.seed);
  NIC_RETURN_IF_ERROR(exporter.BuildGraphs(pictures, decoder, encoder));
  progress("counting symbols");
  FillTables(network, dataset, options, memory, decoder);
  NIC_RETURN_IF_ERROR(CheckModel(*decoder));
  return CheckModel(*encoder, *decoder);
}

Status WriteModel(const std::string& path, const PackageIdentity& identity, const DecoderModel& decoder,
                  const EncoderModel& encoder, Memory& memory, size_t* bytes) {
  std::pmr::vector<uint8_t> decoder_section(&memory);
  std::pmr::vector<uint8_t> encoder_section(&memory);
  WriteDecoderSection(decoder, &decoder_section);
  WriteEncoderSection(encoder, &encoder_section);
  PackageWriter writer(identity.id, identity.version, identity.name, memory);
  NIC_RETURN_IF_ERROR(writer.Add(SectionType::kDecoder, 0, decoder_section));
  NIC_RETURN_IF_ERROR(writer.Add(SectionType::kEncoder, kSectionOptional, encoder_section));
  if (!identity.notes.empty()) {
    const auto* text = reinterpret_cast<const uint8_t*>(identity.notes.data());
    NIC_RETURN_IF_ERROR(writer.Add(SectionType::kNotes, kSectionOptional, {text, identity.notes.size()}));
  }
  std::pmr::vector<uint8_t> package(&memory);
  NIC_RETURN_IF_ERROR(writer.Finish(&package));
  *bytes = package.size();
  return WriteFile(path, {reinterpret_cast<const char*>(package.data()), package.size()});
}

}  // namespace nic
