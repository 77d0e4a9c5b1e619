#include "model/model.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace nic {
namespace {

// Decoding a value, and rounding, conversion and handing out of a pixel, take about as long as so many operations.
constexpr double kSymbolWork = 256;
constexpr double kPixelWork = 128;
// A window's weights, and finding its class.
constexpr double kWindowWork = 128;

Status Malformed(const char* what) { return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "%s", what); }

Status CheckRange(const char* field, int64_t value, int64_t lowest, int64_t highest) {
  if (value >= lowest && value <= highest) return {};
  return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "%s: %lld is not in %lld .. %lld", field,
                       static_cast<long long>(value), static_cast<long long>(lowest), static_cast<long long>(highest));
}

Status CheckGains(const char* field, const std::pmr::vector<LogGain>& gains, size_t count) {
  if (gains.size() != count) return Malformed("gain table: not one entry for each level and channel");
  for (LogGain gain : gains) NIC_RETURN_IF_ERROR(CheckRange(field, gain, kLogGainLowest, kLogGainHighest));
  return {};
}

// A sum over a window of 16-bit samples, with its rounding, then fits 32 bits.
constexpr int64_t kMostDeblockingSum = 65535;

Status CheckThresholds(const char* field, const std::pmr::vector<int16_t>& thresholds) {
  NIC_RETURN_IF_ERROR(CheckRange(field, static_cast<int64_t>(thresholds.size()), 0, kMaxDeblockingThresholds));
  int last = -1;
  for (const int16_t threshold : thresholds) {
    NIC_RETURN_IF_ERROR(CheckRange(field, threshold, last + 1, 32767));
    last = threshold;
  }
  return {};
}

// Whether a caller that stays within `inner` satisfies what the graph demands of input `number`.
bool Admits(const Graph& graph, size_t number, int inner_low, int inner_high) {
  return graph.inputs[number].low <= inner_low && graph.inputs[number].high >= inner_high;
}

struct GraphShape {
  const char* name;
  std::vector<int> inputs;   // channels
  std::vector<int> outputs;  // channels
  Resolution resolution;     // of every output
};

Status CheckGraphShape(const Graph& graph, const GraphShape& shape) {
  const auto fail = [&](const char* what) {
    return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "%s: %s", shape.name, what);
  };
  NIC_RETURN_IF_ERROR(CheckGraph(graph).Within(shape.name));
  if (graph.inputs.size() != shape.inputs.size()) return fail("wrong number of inputs");
  for (size_t i = 0; i < shape.inputs.size(); ++i) {
    if (graph.inputs[i].channels != shape.inputs[i]) return fail("wrong number of input channels");
  }
  if (graph.outputs.size() != shape.outputs.size()) return fail("wrong number of outputs");
  for (size_t i = 0; i < shape.outputs.size(); ++i) {
    const int tensor = graph.outputs[i];
    if (TensorChannels(graph, tensor) != shape.outputs[i]) return fail("wrong number of output channels");
    const Resolution resolution = TensorResolution(graph, tensor);
    if (resolution.up != shape.resolution.up || resolution.down != shape.resolution.down) {
      return fail("wrong ratio of output size to input size");
    }
  }
  return {};
}

Status CheckPassRanges(const DecoderModel& model) {
  for (int phase = 0; phase < kPhases; ++phase) {
    std::vector<bool> coded(model.latent_channels, false);
    for (const Pass& pass : model.passes) {
      const ChannelRange range = pass.coded[phase];
      if (range.begin < 0 || range.begin > range.end || range.end > model.latent_channels) {
        return Malformed("pass: channel range outside the latent channels");
      }
      for (int c = range.begin; c < range.end; ++c) {
        if (coded[c]) return Malformed("pass: a channel is coded twice");
        coded[c] = true;
      }
    }
    for (bool is_coded : coded) {
      if (!is_coded) return Malformed("pass: a channel is never coded");
    }
  }
  return {};
}

Status CheckPasses(const DecoderModel& model) {
  NIC_RETURN_IF_ERROR(CheckRange("passes", static_cast<int64_t>(model.passes.size()), 1, kMaxPasses));
  NIC_RETURN_IF_ERROR(CheckPassRanges(model));
  const int features = TensorChannels(model.hyper_synthesis, model.hyper_synthesis.outputs[0]);
  const Bounds bounds = TensorBounds(model.hyper_synthesis, model.hyper_synthesis.outputs[0]);
  for (size_t i = 0; i < model.passes.size(); ++i) {
    const Graph& context = model.passes[i].context;
    const int channels = model.latent_channels;
    std::vector<int> inputs = {features};
    if (i > 0) inputs.insert(inputs.begin(), channels);
    NIC_RETURN_IF_ERROR(CheckGraphShape(context, {"context graph", inputs, {channels, channels}, {1, 1}}));
    if (!Admits(context, inputs.size() - 1, bounds.low, bounds.high)) {
      return Malformed("context graph: input range narrower than the hyper-features'");
    }
    if (i > 0 && !Admits(context, 0, model.latent_low, model.latent_high)) {
      return Malformed("context graph: input range narrower than the latents'");
    }
    const Bounds scale = TensorBounds(context, context.outputs[1]);
    if (scale.low < 0 || scale.high >= model.scales) return Malformed("context graph: scale index not below `scales`");
  }
  return {};
}

// Slices and pictures are not padded to what an unshuffle would ask for.
Status CheckNoUnshuffle(const char* name, const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.operation != Operation::kUnshuffle) continue;
    return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "%s: unshuffle is not allowed", name);
  }
  return {};
}

// Its input are latents clamped to its own range too.
Status CheckHyperAnalysis(const Graph& graph, const DecoderModel& decoder) {
  NIC_RETURN_IF_ERROR(CheckGraphShape(graph, {"hyper_analysis",
                                              {decoder.latent_channels},
                                              {decoder.hyper_channels},
                                              {1, decoder.hyper_factor}}));
  if (!Admits(graph, 0, 0, 0)) return Malformed("hyper_analysis: input range without 0");
  return CheckNoUnshuffle("hyper_analysis", graph);
}

}  // namespace

double DecodeMacs(const DecoderModel& model) {
  const double latent_area = double(model.latent_factor) * model.latent_factor;
  double for_latent = CountMacs(model.synthesis);
  for (const Pass& pass : model.passes) for_latent += CountMacs(pass.context);
  const double hyper_area = latent_area * model.hyper_factor * model.hyper_factor;
  return for_latent / latent_area + CountMacs(model.hyper_synthesis) / hyper_area;
}

DecodeWork CountDecodeWork(const DecoderModel& model) {
  const double hyper_area = static_cast<double>(model.hyper_factor) * model.hyper_factor;
  DecodeWork work;
  work.slice = (CountWork(model.hyper_synthesis) + kSymbolWork * model.hyper_channels) / hyper_area +
               kSymbolWork * model.latent_channels;
  for (const Pass& pass : model.passes) work.slice += CountWork(pass.context);
  work.synthesis = CountWork(model.synthesis) + kPixelWork * model.latent_factor * model.latent_factor;
  return work;
}

double CountPreviewWork(const Graph& graph) {
  const Resolution resolution = TensorResolution(graph, graph.outputs[0]);
  const double pixels = static_cast<double>(resolution.up * resolution.up) / (resolution.down * resolution.down);
  return CountWork(graph) + kPixelWork * pixels;
}

double CountDeblockingWork(const DecoderModel& model) {
  const double pixels = static_cast<double>(model.latent_factor) * model.latent_factor;
  return 3 * 2 * pixels / kDeblockingPeriod * kWindowWork;
}

Status CheckModel(const DecoderModel& model) {
  NIC_RETURN_IF_ERROR(CheckRange("latent_channels", model.latent_channels, 1, kMaxChannels));
  NIC_RETURN_IF_ERROR(CheckRange("hyper_channels", model.hyper_channels, 1, kMaxChannels));
  if (model.latent_factor != 8 && model.latent_factor != 16 && model.latent_factor != 32) {
    return Malformed("latent_factor: not 8, 16 or 32");
  }
  if (model.hyper_factor < 1 || model.hyper_factor > 8 || 64 % (model.latent_factor * model.hyper_factor) != 0) {
    return Malformed("hyper_factor: its product with latent_factor does not divide 64");
  }
  NIC_RETURN_IF_ERROR(CheckRange("latent_bits", model.latent_bits, 0, 8));
  NIC_RETURN_IF_ERROR(CheckRange("output_bits", model.output_bits, 0, 7));
  NIC_RETURN_IF_ERROR(CheckRange("levels", model.levels, 1, kMaxLevels));
  NIC_RETURN_IF_ERROR(CheckRange("scales", model.scales, 1, 255));
  NIC_RETURN_IF_ERROR(CheckRange("first_coded_scale", model.first_coded_scale, 0, model.scales));
  NIC_RETURN_IF_ERROR(CheckRange("latent_low", model.latent_low, -32768, 0));
  NIC_RETURN_IF_ERROR(CheckRange("latent_high", model.latent_high, 0, 32767));
  NIC_RETURN_IF_ERROR(CheckGains("inverse_gain", model.inverse_gain,
                                 static_cast<size_t>(model.levels) * model.latent_channels));
  if (model.hyper_tables.size() != static_cast<size_t>(model.hyper_channels)) {
    return Malformed("hyper_tables: not one for each hyper channel");
  }
  if (model.scale_tables.size() != static_cast<size_t>(model.scales - model.first_coded_scale)) {
    return Malformed("scale_tables: not one for each coded scale");
  }
  const Graph& hyper = model.hyper_synthesis;
  if (hyper.outputs.size() != 1) return Malformed("hyper_synthesis: wrong number of outputs");
  NIC_RETURN_IF_ERROR(CheckGraph(hyper).Within("hyper_synthesis"));
  const int features = TensorChannels(hyper, hyper.outputs[0]);
  NIC_RETURN_IF_ERROR(
      CheckGraphShape(hyper, {"hyper_synthesis", {model.hyper_channels}, {features}, {model.hyper_factor, 1}}));
  if (!Admits(hyper, 0, 0, 0)) return Malformed("hyper_synthesis: input range without 0");
  NIC_RETURN_IF_ERROR(CheckPasses(model));
  return CheckGraphShape(model.synthesis, {"synthesis", {model.latent_channels}, {3}, {model.latent_factor, 1}});
}

Status CheckModel(const EncoderModel& encoder, const DecoderModel& decoder) {
  NIC_RETURN_IF_ERROR(
      CheckGains("gain", encoder.gain, static_cast<size_t>(decoder.levels) * decoder.latent_channels));
  NIC_RETURN_IF_ERROR(CheckGraphShape(encoder.analysis,
                                      {"analysis", {3}, {decoder.latent_channels}, {1, decoder.latent_factor}}));
  if (!Admits(encoder.analysis, 0, -255, 255)) return Malformed("analysis: input range narrower than -255 .. 255");
  return CheckHyperAnalysis(encoder.hyper_analysis, decoder);
}

Status CheckModel(const PreviewModel& preview, const DecoderModel& decoder) {
  int last = 0;
  for (const PreviewModel::Preview& each : preview.previews) {
    const bool known =
        std::find(std::begin(kPreviewScales), std::end(kPreviewScales), each.scale) != std::end(kPreviewScales);
    if (!known || each.scale <= last) return Malformed("preview: scale: neither 8 nor 16, or not rising");
    last = each.scale;
    const int factor = decoder.latent_factor;
    const Resolution resolution = {std::max(factor / each.scale, 1), std::max(each.scale / factor, 1)};
    const char* name = each.scale == 8 ? "preview 1/8" : "preview 1/16";
    NIC_RETURN_IF_ERROR(CheckGraphShape(each.graph, {name, {decoder.latent_channels}, {3}, resolution}));
    NIC_RETURN_IF_ERROR(CheckNoUnshuffle(name, each.graph));
  }
  return preview.previews.empty() ? Malformed("preview: none") : Status();
}

Status CheckModel(const DeblockingModel& deblocking, const DecoderModel& decoder) {
  NIC_RETURN_IF_ERROR(CheckThresholds("activity", deblocking.activity));
  NIC_RETURN_IF_ERROR(CheckThresholds("step", deblocking.step));
  NIC_RETURN_IF_ERROR(CheckRange("filter_bits", deblocking.filter_bits, 0, kMaxDeblockingBits));
  if (deblocking.filter.size() != deblocking.place(decoder.levels, 0)) {
    return Malformed("filter: not one for each level, kind and class");
  }
  const auto& filter = deblocking.filter;
  if (std::count(filter.begin(), filter.end(), int16_t{-32768})) return Malformed("filter: a weight is -32768");
  for (size_t i = 0; i < filter.size(); i += kDeblockingPeriod) {
    int64_t sum = 0;
    for (size_t j = 0; j < kDeblockingPeriod; ++j) sum += std::abs(filter[i + j]);
    if (sum <= kMostDeblockingSum) continue;
    return Status::Error(NIC_MODEL_UNSAFE, Status::kNoOffset, "filter: row %zu: weights sum to %lld, above %lld",
                         i / kDeblockingPeriod, static_cast<long long>(sum),
                         static_cast<long long>(kMostDeblockingSum));
  }
  return {};
}

}  // namespace nic
