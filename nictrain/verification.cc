#include "verification.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "codec/picture_encoder.h"
#include "codec/prepared_model.h"
#include "codec/tensor_buffer.h"
#include "quantiser.h"

namespace nic {
namespace {

constexpr int kGrid = 16;

// A graph that gives out one of another's tensors.
Graph Tap(const Graph& graph, int tensor, Memory& memory) {
  Graph tapped(memory);
  tapped.inputs = graph.inputs;
  const auto count = static_cast<ptrdiff_t>(static_cast<size_t>(tensor) - graph.inputs.size() + 1);
  tapped.nodes.assign(graph.nodes.begin(), graph.nodes.begin() + count);
  tapped.outputs.push_back(tensor);
  return tapped;
}

void MeasureRange(const TensorBuffer& values, bool relu, TensorReport* report) {
  const auto [low, high] = std::minmax_element(values.data(), values.data() + values.size());
  report->low = *low;
  report->high = *high;
  for (size_t i = 0; i < values.size(); ++i) {
    const int value = values.data()[i];
    report->at_bounds += value == report->bound_high || (!relu && value == report->bound_low);
  }
}

class Inspector {
 public:
  Inspector(Memory& memory, std::vector<TensorReport>* reports) : memory_(memory), reports_(reports) {}

  // `result`, unless null, gets the graph's output.
  Status Inspect(const char* name, const Graph& graph, const TensorBuffer& input, TensorBuffer* result) {
    const int inputs = static_cast<int>(graph.inputs.size());
    for (int tensor = inputs; tensor < inputs + static_cast<int>(graph.nodes.size()); ++tensor) {
      const Node& node = graph.nodes[static_cast<size_t>(tensor - inputs)];
      TensorBuffer values;
      NIC_RETURN_IF_ERROR(Run(Tap(graph, tensor, memory_), input, &values));
      const Bounds bounds = TensorBounds(graph, tensor);
      TensorReport report;
      report.graph = name;
      report.number = tensor;
      report.operation = node.operation;
      report.bound_low = bounds.low;
      report.bound_high = bounds.high;
      MeasureRange(values, node.activation == Activation::kRelu, &report);
      const std::vector<int> bits = WeightBits(node);
      for (int b : bits) report.mean_weight_bits += b / static_cast<double>(bits.size());
      if (!bits.empty()) report.fewest_weight_bits = *std::min_element(bits.begin(), bits.end());
      reports_->push_back(report);
      if (result && tensor == graph.outputs[0]) *result = std::move(values);
    }
    return {};
  }

 private:
  Status Run(const Graph& graph, const TensorBuffer& input, TensorBuffer* values) {
    std::unique_ptr<Program> program;
    NIC_RETURN_IF_ERROR(Program::Prepare(graph, BestTarget(), memory_, &program));
    const Rect all = program->OutputSize(0, input.height(), input.width());
    *values = TensorBuffer(memory_, all.height(), all.width(), TensorChannels(graph, graph.outputs[0]));
    BufferSource source({&input});
    BufferSink sink({values});
    Serial serial;
    return program->Run(input.height(), input.width(), all, 0, source, sink, serial, memory_);
  }

  Memory& memory_;
  std::vector<TensorReport>* reports_;
};

// What the decoder's synthesis gets: gained, rounded to whole steps around zero, and ungained.
TensorBuffer PassThroughLatents(const TensorBuffer& analysed, const DecoderModel& decoder, const EncoderModel& encoder,
                                const RateIndex& rate, Memory& memory) {
  std::vector<Gain> gain(static_cast<size_t>(decoder.latent_channels));
  std::vector<Gain> inverse(gain.size());
  ComputeGains(encoder.gain, decoder.latent_channels, rate, gain.data());
  ComputeGains(decoder.inverse_gain, decoder.latent_channels, rate, inverse.data());
  const GraphInput range = decoder.synthesis.inputs[0];
  TensorBuffer ready(memory, analysed.height(), analysed.width(), analysed.channels());
  const int half = 1 << decoder.latent_bits >> 1;
  for (size_t i = 0; i < ready.size(); ++i) {
    const size_t c = i % gain.size();
    const int gained = std::clamp(ApplyGain(analysed.data()[i], gain[c]), decoder.latent_low, decoder.latent_high);
    const int rounded = ((gained + half) >> decoder.latent_bits) * (1 << decoder.latent_bits);
    const int16_t latent = static_cast<int16_t>(std::clamp<int>(rounded, decoder.latent_low, decoder.latent_high));
    ready.data()[i] = std::clamp(ApplyGain(latent, inverse[c]), range.low, range.high);
  }
  return ready;
}

Status CheckNumber(const char* what, int of_package, int64_t of_checkpoint) {
  if (of_package == of_checkpoint) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s: the package has %d, the checkpoint %lld", what,
                       of_package, static_cast<long long>(of_checkpoint));
}

}  // namespace

Status CheckOrigin(const DecoderModel& decoder, const NetworkShape& shape) {
  NIC_RETURN_IF_ERROR(CheckNumber("levels", decoder.levels, shape.levels));
  NIC_RETURN_IF_ERROR(CheckNumber("latents", decoder.latent_channels, shape.latents));
  NIC_RETURN_IF_ERROR(CheckNumber("hyper-latents", decoder.hyper_channels, shape.hyper_latents));
  return CheckNumber("passes", static_cast<int>(decoder.passes.size()), shape.passes);
}

Status InspectTensors(const DecoderModel& decoder, const EncoderModel& encoder, const Picture& picture,
                      const RateIndex& rate, Memory& memory, std::vector<TensorReport>* reports) {
  const PixelView view = View(picture);
  const int width = picture.width / kGrid * kGrid;
  TensorBuffer pixels(memory, picture.height / kGrid * kGrid, width, 3);
  for (int64_t y = 0; y < pixels.height(); ++y) CenterPixels(view, y, 0, width, pixels.at(y, 0));
  Inspector inspector(memory, reports);
  TensorBuffer analysed;
  NIC_RETURN_IF_ERROR(inspector.Inspect("analysis", encoder.analysis, pixels, &analysed));
  const TensorBuffer ready = PassThroughLatents(analysed, decoder, encoder, rate, memory);
  return inspector.Inspect("synthesis", decoder.synthesis, ready, nullptr);
}

Status EvaluateCodec(DecoderModel&& decoder, EncoderModel&& encoder, const Dataset& pictures,
                     const std::vector<RateIndex>& rates, Parallel& parallel, Memory& memory,
                     const std::function<void(size_t)>& progress, std::vector<tools::CurvePoint>* points) {
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(PreparedModel::Prepare(std::move(decoder), BestTarget(), memory, &model));
  NIC_RETURN_IF_ERROR(model->PrepareEncoder(std::move(encoder), BestTarget(), memory));
  points->assign(rates.size(), {"", 0, 0});
  std::pmr::vector<uint8_t> bytes(&memory);
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Picture& picture = pictures.picture(i);
    PictureEncoder codec(*model, {}, View(picture), parallel, memory);
    NIC_RETURN_IF_ERROR(codec.BeginAnyRate(true));
    NIC_RETURN_IF_ERROR(codec.Push(View(picture), true));
    for (size_t j = 0; j < rates.size(); ++j) {
      Quality quality;
      NIC_RETURN_IF_ERROR(codec.Encode(rates[j], {}, {}, &bytes, &quality));
      const double pixels = static_cast<double>(picture.width) * picture.height;
      (*points)[j].bpp += 8.0 * static_cast<double>(bytes.size()) / pixels / static_cast<double>(pictures.size());
      (*points)[j].psnr += std::min(quality.psnr, 99.0) / static_cast<double>(pictures.size());
    }
    if (progress) progress(i + 1);
  }
  return {};
}

}  // namespace nic
