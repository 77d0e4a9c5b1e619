#include "preview.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "codec/slice_decoder.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "graph_builder.h"
#include "image/box_mean.h"
#include "model/model_section.h"
#include "package_file.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr double kRidge = 1e-7;      // of each unknown's own weight
constexpr double kLeastRidge = 1e-3;  // for channels that are always 0
constexpr int kOutputReach = 160;    // levels around the middle, of which 128 are seen

std::vector<RateIndex> SpreadRates(int count, int levels) {
  std::vector<RateIndex> rates;
  for (int i = 0; i < count; ++i) {
    const int rate = count == 1 ? 128 * (levels - 1) : 256 * (levels - 1) * i / (count - 1);
    rates.push_back({rate / 256, rate % 256});
  }
  return rates;
}

// What the synthesis gets of a file.
Status ReadGained(const PreparedModel& model, const FileReader& file, Memory& memory, TensorBuffer* gained) {
  const DecoderModel& numbers = model.decoder();
  const FileHeader& header = file.header();
  const SliceLayout layout(header.width, header.height, header.slice_side(), numbers);
  const Rect whole{0, 0, layout.latent_width(), layout.latent_height()};
  TensorWindow latents(memory, whole, numbers.latent_channels);
  Serial serial;
  for (int64_t i = 0; i < layout.count(); ++i) {
    NIC_RETURN_IF_ERROR(DecodeSlice(model, file.slices()[static_cast<size_t>(i)], header.lanes(), layout.Latents(i),
                                    serial, memory, &latents));
  }
  std::vector<Gain> gains(static_cast<size_t>(numbers.latent_channels));
  ComputeGains(numbers.inverse_gain, numbers.latent_channels, {header.gain_level, header.interpolation}, gains.data());
  const GraphInput range = numbers.synthesis.inputs[0];
  *gained = TensorBuffer(memory, whole.height(), whole.width(), numbers.latent_channels);
  for (size_t i = 0; i < gained->size(); ++i) {
    gained->data()[i] = std::clamp(ApplyGain(latents.at(0, 0)[i], gains[i % gains.size()]), range.low, range.high);
  }
  return {};
}

// The means over squares of a whole picture's values, those of pixels that are black or white at most.
Values Average(const Values& whole, int scale, int output_bits, Memory& memory) {
  Values means{ScaledSide(whole.width, scale), ScaledSide(whole.height, scale), {}};
  const int32_t half = 128 << output_bits;
  BoxMean<int16_t> mean(whole.width, 3, scale, -half, half, memory);
  for (int64_t y = 0; y < whole.height; ++y) {
    mean.Add(whole.values.data() + 3 * y * whole.width);
    if (mean.rows() < scale && y + 1 < whole.height) continue;
    const int16_t* row = mean.Take();
    means.values.insert(means.values.end(), row, row + 3 * means.width);
  }
  return means;
}

// The equations of one scale: outputs of a convolution of `kernel` and a stride, then a shuffle.
class ReadOut {
 public:
  ReadOut(int scale, int kernel, const DecoderModel& model)
      : scale_(scale),
        kernel_(kernel),
        channels_(model.latent_channels),
        up_(std::max(model.latent_factor / scale, 1)),
        stride_(std::max(scale / model.latent_factor, 1)) {
    const int64_t unknowns = int64_t{kernel} * kernel * channels_ + 1;
    left_ = torch::zeros({unknowns, unknowns}, torch::kDouble);
    right_ = torch::zeros({unknowns, 3 * up_ * up_}, torch::kDouble);
  }

  // Every position of the convolution's result for which all squares lie inside the picture.
  void Learn(const Tensor& gained, const Values& means, int64_t width, int64_t height) {
    const int64_t rows = height / scale_ / up_;
    const int64_t columns = width / scale_ / up_;
    if (rows == 0 || columns == 0) return;
    const int pad = kernel_ / 2;
    Tensor features = torch::nn::functional::unfold(
        gained, torch::nn::functional::UnfoldFuncOptions(kernel_).padding(pad).stride(stride_));
    const int64_t across = (gained.size(3) + stride_ - 1) / stride_;
    features = features.reshape({features.size(1), -1, across}).slice(1, 0, rows).slice(2, 0, columns);
    features = torch::cat({features.reshape({features.size(0), -1}), torch::ones({1, rows * columns})}, 0);
    const Tensor all =
        torch::from_blob(const_cast<int16_t*>(means.values.data()), {means.height, means.width, 3}, torch::kShort);
    const Tensor inside = all.slice(0, 0, rows * up_).slice(1, 0, columns * up_).to(torch::kFloat);
    // In the order of the graph's channels before the shuffle: place in the block, then colour.
    const Tensor wanted =
        inside.reshape({rows, up_, columns, up_, 3}).permute({0, 2, 1, 3, 4}).reshape({rows * columns, -1});
    left_ += torch::mm(features, features.t()).to(torch::kDouble);
    right_ += torch::mm(features, wanted).to(torch::kDouble);
  }

  Status Solve(const GraphInput& range, Memory& memory, int output_bits, Graph* graph) const {
    const Tensor ridge = kRidge * left_.diagonal() + kLeastRidge;
    const Tensor factor = torch::linalg_cholesky(left_ + torch::diag(ridge));
    const Tensor solution = torch::cholesky_solve(right_, factor).t().to(torch::kFloat);
    const int64_t unknowns = left_.size(0);
    const Tensor weight = solution.slice(1, 0, unknowns - 1).reshape({-1, channels_, kernel_, kernel_}).contiguous();
    const Tensor bias = solution.select(1, unknowns - 1).contiguous();
    GraphBuilder builder(1, memory);
    const Value input = builder.Input(torch::zeros({1, channels_, 1, 1}), 0, range.low, range.high);
    LayerOptions options;
    options.stride = stride_;
    const int reach = kOutputReach << output_bits;
    options.form = ResultForm::Fixed(0, -reach, reach);
    Value value = builder.Convolve("preview", input, weight, bias, options);
    if (up_ > 1) value = builder.Shuffle(value, up_);
    builder.Output(value);
    return builder.Finish(graph);
  }

  int scale() const { return scale_; }

 private:
  int scale_;
  int kernel_;
  int channels_;
  int up_;
  int stride_;
  Tensor left_;
  Tensor right_;
};

Tensor AsTensor(const TensorBuffer& gained) {
  const Tensor samples = torch::from_blob(const_cast<int16_t*>(gained.data()),
                                          {1, gained.height(), gained.width(), gained.channels()}, torch::kShort);
  return samples.permute({0, 3, 1, 2}).to(torch::kFloat).contiguous();
}

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Judges one file.
Status Compare(const PreparedModel& model, const Picture& picture, const FileReader& file, Memory& memory,
               std::vector<PreviewReport>* reports) {
  const int bits = model.decoder().output_bits;
  Values whole;
  const auto begin = std::chrono::steady_clock::now();
  NIC_RETURN_IF_ERROR(DecodeAt(model, file, 1, memory, &whole));
  const double full_seconds = SecondsSince(begin);
  const Values source = AsValues(picture, bits);
  for (PreviewReport& report : *reports) {
    Values preview;
    const auto start = std::chrono::steady_clock::now();
    NIC_RETURN_IF_ERROR(DecodeAt(model, file, report.scale, memory, &preview));
    report.seconds += SecondsSince(start);
    report.full_seconds += full_seconds;
    const Values means = Average(whole, report.scale, bits, memory);
    const Values original = Average(source, report.scale, bits, memory);
    report.psnr += Psnr(preview, means, bits);
    report.source_psnr += Psnr(preview, original, bits);
    report.mean_source_psnr += Psnr(means, original, bits);
  }
  return {};
}

}  // namespace

Status FitPreview(const PreparedModel& model, const Dataset& pictures, const PreviewOptions& options, Memory& memory,
                  const FitProgress& progress, PreviewModel* preview) {
  const DecoderModel& numbers = model.decoder();
  std::vector<ReadOut> read_outs;
  for (const int scale : kPreviewScales) read_outs.emplace_back(scale, options.kernel, numbers);
  int lowest = 0;
  int highest = 0;
  const size_t count = pictures.size();
  const auto learn = [&](size_t index, const FileReader& file) -> Status {
    TensorBuffer gained;
    NIC_RETURN_IF_ERROR(ReadGained(model, file, memory, &gained));
    const auto [low, high] = std::minmax_element(gained.data(), gained.data() + gained.size());
    lowest = std::min<int>(lowest, *low);
    highest = std::max<int>(highest, *high);
    Values whole;
    NIC_RETURN_IF_ERROR(DecodeAt(model, file, 1, memory, &whole));
    const Tensor input = AsTensor(gained);
    for (ReadOut& each : read_outs) {
      each.Learn(input, Average(whole, each.scale(), numbers.output_bits, memory), whole.width, whole.height);
    }
    if (progress) progress(index + 1, count);
    return {};
  };
  NIC_RETURN_IF_ERROR(
      ForEachFile(model, pictures, false, SpreadRates(options.rates, numbers.levels), memory, learn));
  const GraphInput whole = numbers.synthesis.inputs[0];
  const auto widen = [&](int bound) {
    return static_cast<int16_t>(std::clamp<double>(std::round(bound * options.margin), whole.low, whole.high));
  };
  const GraphInput range{numbers.latent_channels, widen(lowest), widen(highest)};
  for (const ReadOut& each : read_outs) {
    PreviewModel::Preview& fitted = preview->previews.emplace_back(memory);
    fitted.scale = each.scale();
    NIC_RETURN_IF_ERROR(each.Solve(range, memory, numbers.output_bits, &fitted.graph));
  }
  return {};
}

Status JudgePreview(const PreparedModel& model, const Dataset& pictures, const PreviewOptions& options, Memory& memory,
                    std::vector<PreviewReport>* reports) {
  for (const int scale : kPreviewScales) {
    PreviewReport& report = reports->emplace_back();
    report.scale = scale;
    const DecodeWork& work = model.decode_work();
    report.work = (work.slice + model.reader(scale).work) / (work.slice + work.synthesis);
  }
  size_t files = 0;
  const auto compare = [&](size_t index, const FileReader& file) -> Status {
    ++files;
    return Compare(model, pictures.picture(index), file, memory, reports);
  };
  const auto rates = SpreadRates(options.rates, model.decoder().levels);
  NIC_RETURN_IF_ERROR(ForEachFile(model, pictures, true, rates, memory, compare));
  for (PreviewReport& report : *reports) {
    report.psnr /= static_cast<double>(files);
    report.source_psnr /= static_cast<double>(files);
    report.mean_source_psnr /= static_cast<double>(files);
  }
  return {};
}

Status AddPreview(const std::vector<uint8_t>& package, const PreviewModel& preview, Memory& memory,
                  std::pmr::vector<uint8_t>* bytes) {
  std::pmr::vector<uint8_t> section(&memory);
  WritePreviewSection(preview, &section);
  return SetSection(package, SectionType::kPreview, kSectionOptional, section, memory, bytes);
}

}  // namespace nic
