#include "deblocking_fit.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "intnet/kernel.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr int kSide = kDeblockingPeriod;
constexpr int kHalf = kSide / 2;
constexpr double kLargestWeight = 32767;
constexpr double kLargestSum = 65535 - kSide;  // before rounding
constexpr double kRidge = 0.05;  // square levels of 255 for each line: what flat lines vary by is noise

// The normal equations of one class: of a line and of its mirror image.
struct Equations {
  double left[kSide][kSide] = {};
  double right[kHalf][kSide] = {};
  int64_t lines = 0;

  // t: samples less their mean; missing: of the picture, at the same places.
  void Add(const double* t, const double* missing) {
    ++lines;
    for (int i = 0; i < kSide; ++i) {
      for (int j = 0; j < kSide; ++j) left[i][j] += t[i] * t[j] + t[kSide - 1 - i] * t[kSide - 1 - j];
    }
    for (int i = 0; i < kHalf; ++i) {
      for (int j = 0; j < kSide; ++j) right[i][j] += missing[i] * t[j] + missing[kSide - 1 - i] * t[kSide - 1 - j];
    }
  }

  // Weights of the samples themselves: each row's sum is 0 but for rounding.
  void Solve(int bits, int unit, int16_t* weights) const {
    const auto options = torch::TensorOptions().dtype(torch::kDouble);
    const double ridge = kRidge * unit * unit * static_cast<double>(lines);
    const Tensor matrix = torch::from_blob(const_cast<double*>(&left[0][0]), {kSide, kSide}, options) +
                          ridge * torch::eye(kSide, options);
    const Tensor wanted = torch::from_blob(const_cast<double*>(&right[0][0]), {kHalf, kSide}, options);
    const Tensor centred = torch::linalg_solve(matrix, wanted.t()).t();
    const Tensor exact = (centred - centred.mean(1, true)) * std::ldexp(1.0, bits);
    // Rows that the format has no room for are shortened as a whole: a weaker filter, and not another one.
    const Tensor magnitude = exact.abs();
    const Tensor room = torch::minimum(kLargestWeight / magnitude.amax(1, true), kLargestSum / magnitude.sum(1, true));
    const Tensor integers = (exact * room.clamp_max(1)).round().to(torch::kShort).contiguous();
    std::copy_n(integers.data_ptr<int16_t>(), kDeblockingWeights, weights);
  }
};

int KindOf(int64_t border, int latent_factor) { return border % latent_factor == 0 ? 0 : 1; }

// Calls use(kind, at) for the first sample of each whole line across a border, at[j * stride] being the others: across
// the borders between columns (stride 3), or across those between rows.
template <typename Use>
void ForEachLine(const Values& picture, bool between_rows, int latent_factor, Use&& use) {
  const int64_t width = picture.width, height = picture.height;
  const int64_t across = between_rows ? height : width;
  const int64_t along = between_rows ? width : height;
  for (int64_t border = kSide; border + kHalf <= across; border += kSide) {
    for (int64_t i = 0; i < along; ++i) {
      const int64_t y = between_rows ? border - kHalf : i;
      const int64_t x = between_rows ? i : border - kHalf;
      for (int64_t c = 0; c < 3; ++c) use(KindOf(border, latent_factor), static_cast<size_t>((y * width + x) * 3 + c));
    }
  }
}

class Fit {
 public:
  Fit(const DecoderModel& decoder, const DeblockingOptions& options, DeblockingModel* deblocking)
      : decoder_(decoder), options_(options), deblocking_(*deblocking) {
    const auto scale = [&](double level) { return static_cast<int16_t>(std::lround(std::ldexp(level, bits()))); };
    for (const double level : options.activity) deblocking_.activity.push_back(scale(level));
    for (const double level : options.step) deblocking_.step.push_back(scale(level));
    deblocking_.filter_bits = options.filter_bits;
    deblocking_.filter.resize(deblocking_.place(decoder.levels, 0));
    classes_ = {deblocking_.activity.data(), static_cast<int>(deblocking_.activity.size()), deblocking_.step.data(),
                static_cast<int>(deblocking_.step.size()), nullptr, deblocking_.filter_bits};
    Forget();
  }

  // `decoded` is filtered across the borders between columns by the filters so far, before it is learnt from.
  void Learn(int level, const Values& original, Values* decoded, const DeblockingFilters& filters) {
    LearnLines(level, original, *decoded, false);
    ForEachLine(*decoded, false, decoder_.latent_factor,
                [&](int kind, size_t at) { filters.Run(level, kind, {&decoded->values[at], 3, 1}); });
    LearnLines(level, original, *decoded, true);
  }

  void Solve() {
    for (size_t i = 0; i < equations_.size(); ++i) {
      int16_t* weights = &deblocking_.filter[i * kDeblockingWeights];
      if (equations_[i].lines < options_.fewest) {
        std::fill_n(weights, kDeblockingWeights, int16_t{0});
      } else {
        equations_[i].Solve(options_.filter_bits, 1 << bits(), weights);
      }
    }
    Forget();
  }

 private:
  int bits() const { return decoder_.output_bits; }
  void Forget() { equations_.assign(deblocking_.filter.size() / kDeblockingWeights, {}); }

  void LearnLines(int level, const Values& original, const Values& decoded, bool between_rows) {
    const int64_t stride = between_rows ? 3 * decoded.width : 3;
    ForEachLine(decoded, between_rows, decoder_.latent_factor, [&](int kind, size_t at) {
      int32_t line[kSide], furthest = 0;
      double missing[kSide], t[kSide], mean = 0;
      for (int j = 0; j < kSide; ++j) {
        const size_t place = at + static_cast<size_t>(j * stride);
        line[j] = decoded.values[place];
        furthest = std::max(furthest, std::abs(line[j]));
        missing[j] = original.values[place] - line[j];
        mean += line[j] / double{kSide};
      }
      // Beyond black and white squared errors would count that nobody sees.
      if (furthest > 128 << bits()) return;
      for (int j = 0; j < kSide; ++j) t[j] = line[j] - mean;
      const size_t first = deblocking_.place(level, kind) / kDeblockingWeights;
      equations_[first + FindDeblockClass(classes_, line)].Add(t, missing);
    });
  }

  const DecoderModel& decoder_;
  const DeblockingOptions& options_;
  DeblockingModel& deblocking_;
  DeblockFilter classes_;
  std::vector<Equations> equations_;
};

std::vector<RateIndex> EveryLevel(const DecoderModel& decoder) {
  std::vector<RateIndex> rates;
  for (int level = 0; level < decoder.levels; ++level) rates.push_back({level, 0});
  return rates;
}

// Mean squares of the steps from sample to sample: across borders of latents, and all others.
double MeasureEdges(const Values& picture, int latent_factor) {
  double at_borders = 0, elsewhere = 0;
  int64_t borders = 0, others = 0;
  const auto add = [&](int64_t position, double step) {
    const bool border = position % latent_factor == 0;
    (border ? at_borders : elsewhere) += step * step;
    ++(border ? borders : others);
  };
  const int64_t row = 3 * picture.width;
  const int16_t* values = picture.values.data();
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t i = 0; i < row; ++i) {
      if (i >= 3) add(i / 3, values[y * row + i] - values[y * row + i - 3]);
      if (y >= 1) add(y, values[y * row + i] - values[(y - 1) * row + i]);
    }
  }
  return borders && elsewhere > 0 ? at_borders / static_cast<double>(borders) * static_cast<double>(others) / elsewhere
                                  : 0;
}

}  // namespace

Status FitDeblocking(const PreparedModel& model, const Dataset& pictures, const DeblockingOptions& options,
                     Memory& memory, const FitProgress& progress, DeblockingModel* deblocking) {
  const DecoderModel& decoder = model.decoder();
  Fit fit(decoder, options, deblocking);
  NIC_RETURN_IF_ERROR(CheckModel(*deblocking, decoder));
  const size_t count = pictures.size();
  const size_t all = count * static_cast<size_t>(options.rounds);
  for (int round = 0; round < options.rounds; ++round) {
    const DeblockingFilters filters(*deblocking, decoder, BestTarget(), memory);
    const auto learn = [&](size_t index, const FileReader& file) -> Status {
      Values decoded;
      NIC_RETURN_IF_ERROR(DecodeAt(model, file, 1, memory, &decoded));
      fit.Learn(file.header().gain_level, AsValues(pictures.picture(index), decoder.output_bits), &decoded, filters);
      if (progress) progress(static_cast<size_t>(round) * count + index + 1, all);
      return {};
    };
    NIC_RETURN_IF_ERROR(ForEachFile(model, pictures, false, EveryLevel(decoder), memory, learn));
    fit.Solve();
  }
  if (progress) progress(all, all);
  return CheckModel(*deblocking, decoder);
}

Status JudgeDeblocking(const PreparedModel& model, const Dataset& pictures, Memory& memory,
                       std::vector<DeblockingReport>* reports) {
  const DecoderModel& decoder = model.decoder();
  reports->assign(static_cast<size_t>(decoder.levels), {});
  size_t files = 0;
  const auto judge = [&](size_t index, const FileReader& file) -> Status {
    Values decoded;
    NIC_RETURN_IF_ERROR(DecodeAt(model, file, 1, memory, &decoded));
    DeblockingReport& report = (*reports)[file.header().gain_level];
    report.psnr += Psnr(decoded, AsValues(pictures.picture(index), decoder.output_bits), decoder.output_bits);
    report.edges += MeasureEdges(decoded, decoder.latent_factor);
    ++files;
    return {};
  };
  NIC_RETURN_IF_ERROR(ForEachFile(model, pictures, true, EveryLevel(decoder), memory, judge));
  const double judged = static_cast<double>(files) / static_cast<double>(decoder.levels);
  for (DeblockingReport& report : *reports) {
    report.psnr /= judged;
    report.edges /= judged;
  }
  return {};
}

}  // namespace nic
