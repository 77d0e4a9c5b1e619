#include "exporter.h"

#include <torch/utils.h>

#include <cmath>

#include "check.h"
#include "codec/tensor_buffer.h"
#include "evaluation.h"
#include "files.h"
#include "graph_builder.h"
#include "package_file.h"
#include "samples.h"
#include "verification.h"

namespace nic::testing {
namespace {

// A graph's output for real inputs of the exponents given, as reals again.
torch::Tensor Run(const Graph& graph, const std::vector<torch::Tensor>& inputs, const std::vector<int>& exponents,
                  size_t output, int output_exponent, Memory& memory) {
  std::vector<TensorBuffer> buffers;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const torch::Tensor& x = inputs[i];
    buffers.emplace_back(memory, x.size(2), x.size(3), static_cast<int>(x.size(1)));
    const torch::Tensor scaled = (x * std::ldexp(1.0, exponents[i])).round().permute({0, 2, 3, 1}).contiguous();
    std::copy_n(scaled.data_ptr<float>(), scaled.numel(), buffers.back().data());
  }
  std::unique_ptr<Program> program;
  REQUIRE(Program::Prepare(graph, Target::kScalar, memory, &program).ok());
  const Rect all = program->OutputSize(0, inputs[0].size(2), inputs[0].size(3));
  std::vector<TensorBuffer> results;
  for (int number : graph.outputs)
    results.emplace_back(memory, all.height(), all.width(), TensorChannels(graph, number));
  BufferSource one({&buffers.front()});
  BufferSource two({&buffers.front(), &buffers.back()});
  BufferSink sink1({&results.front()});
  BufferSink sink2({&results.front(), &results.back()});
  Serial serial;
  REQUIRE(program
              ->Run(inputs[0].size(2), inputs[0].size(3), all, 0, inputs.size() == 1 ? one : two,
                    results.size() == 1 ? sink1 : sink2, serial, memory)
              .ok());
  const TensorBuffer& result = results[output];
  torch::Tensor tensor = torch::empty({1, result.height(), result.width(), result.channels()});
  std::copy_n(result.data(), result.size(), tensor.data_ptr<float>());
  return tensor.permute({0, 3, 1, 2}) * std::ldexp(1.0, -output_exponent);
}

// Signal to error, in dB.
double Fidelity(const torch::Tensor& real, const torch::Tensor& integer) {
  const double error = (real - integer).square().mean().item<double>();
  return 10 * std::log10(real.square().mean().item<double>() / (error + 1e-30));
}

// The channel that comes least near: its error over what is allowed it, `quantum` and `share` of its own size (both
// root mean squares). Means over all channels, as above, would hide a weak channel that is all wrong.
double WorstChannel(const torch::Tensor& real, const torch::Tensor& integer, double quantum, double share) {
  const std::vector<int64_t> places{0, 2, 3};
  const torch::Tensor error = (real - integer).square().mean(places).sqrt();
  const torch::Tensor allowed = real.square().mean(places).sqrt() * share + quantum;
  return (error / allowed).max().item<double>();
}

double ShareBeyond(const torch::Tensor& errors, double bound) {
  return errors.abs().ge(bound).to(torch::kDouble).mean().item<double>();
}

// How near the integers must come. The ranges of a trained network are wider than what a picture fills of them: its
// bounds are those at which its rate on photographs is still within 0.1 %.
struct Tolerance {
  double least_db = 45;       // of analysis and hyper-features, signal to error
  double first_mean = 1.5;    // of the first pass, in units of the last fractional bit
  double mean = 0.0625;       // of later passes, in quantiser steps
  double pixel_level = 0.25;  // of 255
  double index = 0.6;         // of a scale, half a step of which is rounding
  double tie = 0.02;          // share of hyper-latents that round to the neighbour
  double share = 0.02;        // of a channel's size, beside its rounding
  double mean_share = 0;      // of a mean's own size, beside that, where the pass does not code with it
  double outliers = 0;        // share of the first pass' means that may be further off
};

// Every pass on what the integer passes before it decoded.
void CheckPasses(Network& network, const DecoderModel& decoder, const torch::Tensor& gained,
                 const torch::Tensor& features, int exponent, const Tolerance& tolerance) {
  Memory memory;
  const int bits = decoder.latent_bits;
  const ScaleGrid grid{decoder.scales};
  torch::Tensor decoded = torch::zeros_like(gained);
  REQUIRE(static_cast<int64_t>(decoder.passes.size()) == network.shape().passes);
  for (int64_t pass = 0; pass < network.shape().passes; ++pass) {
    INFO("pass " << pass);
    const Graph& graph = decoder.passes[static_cast<size_t>(pass)].context;
    const bool first = pass == 0;
    const std::vector<torch::Tensor> inputs = first ? std::vector{features} : std::vector{decoded, features};
    const std::vector<int> exponents = first ? std::vector{exponent} : std::vector{bits, exponent};
    const Moments moments = network.Predict(pass, decoded, features);
    const torch::Tensor means = Run(graph, inputs, exponents, 0, bits, memory);
    const torch::Tensor wanted = ((moments.log_scale - kMinLogScale) * grid.per_unit()).clamp(0, grid.count - 1);
    const torch::Tensor indices = Run(graph, inputs, exponents, 1, 0, memory);
    const double mean_bound = first ? tolerance.first_mean * std::ldexp(1.0, -bits) + 1e-3 : tolerance.mean;
    const torch::Tensor mask = PassMask(network.shape(), pass, gained.size(2), gained.size(3), gained.options());
    const torch::Tensor errors = (means - moments.mean).abs();
    const double outliers = first ? tolerance.outliers : 0;
    const double share = first ? tolerance.mean_share : 0;
    CHECK(ShareBeyond(errors.masked_select(mask.expand_as(means).to(torch::kBool)), mean_bound) <= outliers);
    // Where the pass codes nothing the network is not trained: its means there may be many times as large.
    CHECK(ShareBeyond((errors - moments.mean.abs() * share).clamp_min(0), mean_bound) <= outliers);
    CHECK((indices - wanted).abs().max().item<double>() < tolerance.index);
    // 30 dB, beside the rounding of the means themselves.
    const double rounding = std::ldexp(1.0, -2 * bits) / 12;
    const double allowed = rounding + moments.mean.square().mean().item<double>() * 1e-3;
    CHECK((means - moments.mean).square().mean().item<double>() < allowed);
    CHECK(WorstChannel(moments.mean, means, std::ldexp(1.0, -bits), tolerance.share) < 1);
    CHECK(WorstChannel(wanted, indices, 0.5, 0) < 1);
    decoded = decoded + ((gained - means).round() + means) * mask;
  }
}

// Compares every network of the exported model with the float one, on a picture of multiples of 64.
void CheckNetworks(Network& network, const Exported& exported, const Picture& picture, const Tolerance& tolerance) {
  torch::NoGradGuard no_gradients;
  Memory memory;
  const DecoderModel& decoder = exported.decoder;
  const EncoderModel& encoder = exported.encoder;
  const int bits = decoder.latent_bits;
  const int top = decoder.levels - 1;
  const torch::Tensor q = torch::full({1}, static_cast<double>(top));
  const torch::Tensor pictures = ToPaddedTensor(picture);

  // The analysis' exponent shows in the gain: log2(gain) + latent_bits - exponent.
  const auto exponent_in = [&](LogGain log, const torch::Tensor& natural, int sign) {
    const double octaves = log / 4096.0 - natural[top][0].item<double>() / std::log(2.0);
    return static_cast<int>(std::lround(sign * (bits - sign * octaves)));
  };
  const size_t first = static_cast<size_t>(top) * static_cast<size_t>(decoder.latent_channels);
  const int analysis_exponent = exponent_in(encoder.gain[first], network.loggain, 1);
  const torch::Tensor analysed = network.Analyse(pictures);
  const torch::Tensor integers = Run(encoder.analysis, {pictures * 510}, {0}, 0, analysis_exponent, memory);
  CHECK(Fidelity(analysed, integers) > tolerance.least_db);
  const double step = std::ldexp(1.0, -bits);
  CHECK(WorstChannel(analysed * network.Gain(q), integers * network.Gain(q), step, tolerance.share) < 1);

  const torch::Tensor gained = (analysed * network.Gain(q) * std::ldexp(1.0, bits)).round() * std::ldexp(1.0, -bits);
  const torch::Tensor symbols = (network.HyperAnalyse(gained) - network.zmu).round();
  const torch::Tensor coded = Run(encoder.hyper_analysis, {gained}, {bits}, 0, 0, memory);
  CHECK((symbols - coded).abs().max().item<double>() <= 1);  // ties
  CHECK((symbols - coded).abs().mean().item<double>() < tolerance.tie);

  const torch::Tensor features = network.HyperSynthesise(coded + network.zmu, gained.size(2), gained.size(3));
  const Graph& hyper = decoder.hyper_synthesis;
  // The features' exponent is not stored: that which fits best.
  int exponent = 0;
  double best = -1e9;
  for (int e = -4; e <= 24; ++e) {
    const double fit = Fidelity(features, Run(hyper, {coded}, {0}, 0, e, memory));
    if (fit > best) exponent = e, best = fit;
  }
  CHECK(best > tolerance.least_db);
  CHECK(WorstChannel(features, Run(hyper, {coded}, {0}, 0, exponent, memory), std::ldexp(1.0, -exponent),
                     tolerance.share) < 1);

  CheckPasses(network, decoder, gained, features, exponent, tolerance);

  const torch::Tensor ready = gained.round() * network.InverseGain(q);
  const double octaves = decoder.inverse_gain[first] / 4096.0 - network.loginv[top][0].item<double>() / std::log(2.0);
  const int synthesis_exponent = static_cast<int>(std::lround(octaves)) + bits;
  const torch::Tensor levels = Run(decoder.synthesis, {ready}, {synthesis_exponent}, 0, decoder.output_bits, memory);
  const torch::Tensor expected = (network.Synthesise(ready) * 255).clamp(-128, 128);
  CHECK((levels - expected).abs().max().item<double>() < tolerance.pixel_level);
}

TEST_CASE("exporter: the comparison sees a weak channel that is all wrong") {
  torch::manual_seed(2);
  const torch::Tensor real = torch::randn({1, 4, 8, 8});
  real.select(1, 2).mul_(1e-3);
  const torch::Tensor integers = real.clone();
  CHECK(WorstChannel(real, integers, 1e-4, 0.02) == 0);
  integers.select(1, 2).neg_();
  CHECK(Fidelity(real, integers) > 50);
  CHECK(WorstChannel(real, integers, 1e-4, 0.02) > 1);
}

TEST_CASE("exporter: float and integer networks agree on arbitrary weights") {
  torch::set_num_threads(1);
  Folder folder;
  WritePictures(folder.path(), 4, 96, 80);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  Network network(GENERATE(kSmallShape, kFullShape));
  Numbers numbers;
  FillNetwork(network, numbers);
  Exported exported;
  Export(network, dataset, &exported);
  CHECK(exported.decoder.latent_bits >= 3);
  CheckNetworks(network, exported, MakePicture(128, 64, 9), {});
}

TEST_CASE("exporter: biases take up what the rounding of a leaky ReLU shifts") {
  torch::NoGradGuard no_gradients;
  Memory memory;
  Numbers numbers;
  const torch::Tensor samples = (numbers.Fill({1, 8, 32, 32}, 2) * 64).round() / 64;
  GraphBuilder builder(1.25, memory);
  LayerOptions coarse;  // a sixteenth: the ReLU's rounding is 7/256 of it for negative values, on average
  coarse.activation = Activation::kLeakyRelu;
  coarse.form = ResultForm::Fixed(4, -32768, 32767);
  LayerOptions fine;
  fine.form = ResultForm::Fixed(8, -32768, 32767);
  const torch::Tensor first = numbers.Fill({16, 8, 1, 1}, 1), second = torch::ones({4, 16, 1, 1});
  Value x = builder.Input(samples, 6, -4096, 4095);
  x = builder.Convolve("first", x, first, torch::zeros({16}), coarse);
  x = builder.Convolve("second", x, second, torch::zeros({4}), fine);
  builder.Output(x);
  Graph graph(memory);
  REQUIRE(builder.Finish(&graph).ok());
  const torch::Tensor real = torch::conv2d(torch::leaky_relu(torch::conv2d(samples, first), 0.125), second);
  const torch::Tensor shift = Run(graph, {samples}, {6}, 0, 8, memory) - real;
  CHECK(shift.mean().abs().item<double>() < 0.01);  // 16 x 7/256 x the share of negative values without that: 0.2
  CHECK(shift.abs().max().item<double>() < 1);
}

TEST_CASE("exporter: a package gives back the model, and the codec runs with it") {
  torch::set_num_threads(1);
  Folder folder;
  WritePictures(folder.path(), 2, 96, 80);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  Network network(GENERATE(kSmallShape, kFullShape));
  Numbers numbers;
  FillNetwork(network, numbers);
  Exported exported;
  Export(network, dataset, &exported);
  size_t bytes = 0;
  Memory memory;
  const std::string path = folder / "model.nicm";
  REQUIRE(WriteModel(path, {1, 1, "small", "notes"}, exported.decoder, exported.encoder, memory, &bytes).ok());
  DecoderModel decoder(memory);
  EncoderModel encoder(memory);
  REQUIRE(ReadModel(path, memory, &decoder, &encoder).ok());
  CHECK(CheckModel(decoder).ok());
  CHECK(CheckModel(encoder, decoder).ok());
  CHECK(decoder.synthesis.nodes.size() == exported.decoder.synthesis.nodes.size());
  CHECK(encoder.gain == exported.encoder.gain);

  std::vector<TensorReport> reports;
  REQUIRE(InspectTensors(decoder, encoder, dataset.picture(0), {decoder.levels - 1, 0}, memory, &reports).ok());
  CHECK(reports.size() == decoder.synthesis.nodes.size() + encoder.analysis.nodes.size());
  Serial serial;
  std::vector<tools::CurvePoint> points;
  REQUIRE(
      EvaluateCodec(std::move(decoder), std::move(encoder), dataset, {{0, 0}, {3, 128}}, serial, memory, {}, &points)
          .ok());
  const auto real = Evaluate(network, dataset, {0, 3.5}, torch::kCPU, {});
  for (size_t i = 0; i < 2; ++i) CHECK(points[i].psnr == Approx(real[i].psnr).margin(0.1));
  REQUIRE(WriteFile(path, "not a package").ok());
  CHECK(!ReadModel(path, memory, &decoder, &encoder).ok());
}

TEST_CASE("exporter: a rare picture that explodes does not set the range") {
  torch::Tensor samples = torch::rand({20, 3, 4, 4}) * 2 - 1;
  samples[0][0][0][0] = 1;
  samples[1][0][0][0] = -1;
  const SampleRange usual = FindRange(samples);
  CHECK(usual.high == 1);
  CHECK(usual.low == -1);
  samples[7][1][2][2] = 500;
  samples[9][1][2][2] = -700;
  const SampleRange range = FindRange(samples);
  CHECK(range.high <= 2);
  CHECK(range.high > 1.5);
  CHECK(range.low >= -2);
  CHECK(range.low < -1.5);
  // All positive: zero stays in the range.
  CHECK(FindRange(samples.abs() + 3).low == 0);
}

TEST_CASE("exporter: weights on the grid that it finds are exported without rounding") {
  const Folder folder;
  WritePictures(folder.path(), 2, 96, 80);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  torch::manual_seed(4);
  Network network(kSmallShape);
  ExportOptions options;
  options.side = 64;
  options.calibration_crops = 4;
  std::map<std::string, torch::Tensor> steps;
  REQUIRE(FindWeightSteps(network, dataset, options, &steps).ok());
  size_t rounded = 0;
  for (const auto& item : network.named_parameters()) {
    const bool weight = item.value().dim() == 4 && item.key().ends_with("weight");
    INFO(item.key());
    REQUIRE(steps.count(item.key()) == (weight ? 1 : 0));
    if (!weight) continue;
    const torch::Tensor& step = steps.at(item.key());
    REQUIRE(step.sizes() == item.value().sizes());
    const torch::Tensor integers = (item.value().detach() / step).round();
    CHECK(integers.abs().max().item<double>() <= 32767);
    CHECK(integers.abs().max().item<double>() >= 4);
    rounded += static_cast<size_t>((integers * step != item.value()).any().item<bool>());
    torch::NoGradGuard no_gradients;
    torch::Tensor(item.value()).copy_(integers * step);
  }
  CHECK(rounded > 0);
  // The exported layer whose weights are neither permuted nor scaled has these very integers.
  Exported exported;
  Export(network, dataset, &exported);
  const Node& last = exported.encoder.hyper_analysis.nodes.front();
  const torch::Tensor& step = steps.at("he.0.weight");
  const torch::Tensor expected =
      (network.he->layers[0]->weight.detach() / step).round().permute({0, 2, 3, 1}).contiguous();
  REQUIRE(static_cast<size_t>(expected.numel()) == last.weight.size());
  const auto* values = expected.data_ptr<float>();
  CHECK(std::equal(last.weight.begin(), last.weight.end(), values));
}

TEST_CASE("exporter: every channel of a trained model, on a photograph") {
  torch::set_num_threads(1);
  const std::string sources = NIC_SOURCE_DIR;
  StoredTensors stored;
  REQUIRE(ReadSafetensors(sources + "/models/checkpoints/nic-fast.safetensors", &stored).ok());
  NetworkShape shape;
  REQUIRE(InferShape(stored, &shape).ok());
  Network network(shape);
  REQUIRE(LoadNetwork(stored, network).ok());
  Dataset dataset;
  REQUIRE(Dataset::Load(sources + "/samples", 192, &dataset).ok());
  Exported exported;
  Export(network, dataset, &exported, 256, 48);
  CheckNetworks(network, exported, dataset.picture(0),
                {.least_db = 40,
                 .first_mean = 3,
                 .mean = 0.5,
                 .pixel_level = 0.5,
                 .index = 1,
                 .tie = 0.03,
                 .mean_share = 1.0 / 256,
                 .outliers = 2e-5});
}

TEST_CASE("exporter: the distributed checkpoint") {
  const std::string checkpoint = FolderFromEnvironment("NIC_CHECKPOINT");
  const std::string train = FolderFromEnvironment("NIC_TRAIN_DIR");
  if (checkpoint.empty() || train.empty()) return;
  torch::set_num_threads(2);
  StoredTensors stored;
  REQUIRE(ReadSafetensors(checkpoint, &stored).ok());
  Network network;
  REQUIRE(LoadNetwork(stored, network).ok());
  Dataset dataset;
  REQUIRE(Dataset::Load(train, 192, &dataset).ok());
  Exported exported;
  Export(network, dataset, &exported);
  CheckNetworks(network, exported, MakePicture(192, 128, 3),
                {.least_db = 35, .mean = 0.25, .pixel_level = 0.6, .share = 0.05});
}

}  // namespace
}  // namespace nic::testing
