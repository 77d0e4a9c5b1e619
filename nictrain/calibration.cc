#include "calibration.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "objective.h"
#include "sampler.h"

namespace nic {
namespace {

using torch::Tensor;

constexpr int kBatch = 8;

Tensor ToUnit(const Tensor& bytes) { return bytes.permute({0, 3, 1, 2}).to(torch::kFloat).div(255).sub(0.5); }

// The colour, one bit a channel, of pixel (x, y) in artificial picture number `kind`.
int ArtificialColour(int kind, int x, int y, int side, Random& random) {
  const bool odd = ((x ^ y) & 1) != 0;
  switch (kind) {
    case 0:  // eight flat fields
      return (x * 4 / side) + 4 * (y * 2 / side);
    case 1:
      return odd ? 7 : 0;
    case 2:
      return x & 1 ? 7 : 0;
    case 3:
      return y & 2 ? 7 : 0;
    case 4:
      return ((x >> 2) ^ (y >> 2)) & 1 ? 7 : 0;
    case 5:
      return (x >> 3) & 1 ? 7 : 0;
    case 6:
      return ((x >> 3) ^ (y >> 3)) & 1 ? 4 : 3;
    case 7:
      return ((x >> 4) ^ (y >> 4)) & 1 ? 7 : 0;
    case 8:
      return odd ? 1 : 6;
    case 9:
      return random.Below(2) * 7;
    case 10:
      return random.Below(8);
    default:
      return ((x * x + y * y) / side) & 1 ? 7 : 0;  // a zone plate: every frequency and direction
  }
}
constexpr int kArtificialKinds = 12;

Tensor DrawArtificial(int side, Random& random) {
  Tensor bytes = torch::empty({kArtificialKinds, side, side, 3}, torch::kByte);
  auto* samples = bytes.data_ptr<uint8_t>();
  for (int kind = 0; kind < kArtificialKinds; ++kind) {
    for (int i = 0; i < side * side; ++i) {
      const int colour = ArtificialColour(kind, i % side, i / side, side, random);
      for (int c = 0; c < 3; ++c) *samples++ = (colour >> c) & 1 ? 255 : 0;
    }
  }
  return ToUnit(bytes);
}

void AddCounts(const Tensor& row, const Tensor& value, std::vector<Histogram>* histograms) {
  constexpr int64_t kSpan = 2 * (Histogram::kReach + 1) + 1;  // what is out of reach falls into the outermost places
  const int64_t reach = Histogram::kReach + 1;
  const Tensor place = row * kSpan + value.clamp(-reach, reach).to(torch::kLong) + reach;
  const Tensor counts = torch::bincount(place.flatten(), {}, static_cast<int64_t>(histograms->size()) * kSpan);
  const auto* count = counts.data_ptr<int64_t>();
  for (Histogram& histogram : *histograms) {
    for (int64_t i = 0; i < kSpan; ++i, ++count) {
      if (*count) histogram.Add(static_cast<int>(i - reach), static_cast<double>(*count));
    }
  }
}

// One pass's latents: what is coded, and what the decoder has of it.
struct CodedPass {
  Tensor index, symbol, decoded, saved;
};

CodedPass CodePass(const Tensor& y, const Moments& moments, const ScaleGrid& grid, int first_coded) {
  CodedPass pass;
  pass.index = ((moments.log_scale - kMinLogScale) * grid.per_unit()).round().clamp(0, grid.count - 1).to(torch::kLong);
  const Tensor difference = y - moments.mean;
  pass.symbol = difference.round();
  pass.saved = difference.square() - (difference - pass.symbol).square();
  pass.decoded = moments.mean + pass.symbol * (pass.index >= first_coded);
  return pass;
}

void AddPass(const CodedPass& pass, const Tensor& mask, Statistics* statistics) {
  const Tensor where = mask.expand_as(pass.symbol).to(torch::kBool);
  const Tensor index = pass.index.masked_select(where);
  AddCounts(index, pass.symbol.masked_select(where), &statistics->latent);
  const auto rows = static_cast<int64_t>(statistics->saved.size());
  const Tensor sums = torch::bincount(index, pass.saved.masked_select(where).to(torch::kDouble), rows);
  for (int64_t i = 0; i < rows; ++i) statistics->saved[static_cast<size_t>(i)] += sums[i].item<double>();
}

void AddBatch(Network& network, const Tensor& pictures, const Tensor& q, const ScaleGrid& grid, int first_coded,
              Statistics* statistics) {
  const Tensor y = network.Analyse(pictures) * network.Gain(q);
  const Tensor symbol = (network.HyperAnalyse(y) - network.zmu).round();
  const Tensor channel = torch::arange(symbol.size(1)).view({1, -1, 1, 1}).expand_as(symbol);
  AddCounts(channel, symbol, &statistics->hyper);
  const Tensor features = network.HyperSynthesise(symbol + network.zmu, y.size(2), y.size(3));
  Tensor decoded = torch::zeros_like(y);
  for (int64_t number = 0; number < network.shape().passes; ++number) {
    const Tensor mask = PassMask(network.shape(), number, y.size(2), y.size(3), y.options());
    const CodedPass pass = CodePass(y, network.Predict(number, decoded, features), grid, first_coded);
    AddPass(pass, mask, statistics);
    decoded = decoded + pass.decoded * mask;
  }
}

}  // namespace

double ScaleGrid::Deviation(int index) const { return std::exp(kMinLogScale + index / per_unit()); }

Tensor DrawCalibrationPictures(const Dataset& dataset, int count, int side, uint64_t seed) {
  Random random(seed, 0);
  const Tensor crops = Sampler(dataset, torch::kCPU).Draw(count, {side}, random);
  return torch::cat({crops, DrawArtificial(side, random)}, 0);
}

Statistics GatherStatistics(Network& network, const Dataset& dataset, int crops, int side, uint64_t seed,
                            const ScaleGrid& grid, int first_coded, const std::function<void(int)>& progress) {
  torch::NoGradGuard no_gradients;
  Statistics statistics;
  statistics.hyper.resize(static_cast<size_t>(network.shape().hyper_latents));
  statistics.latent.resize(static_cast<size_t>(grid.count));
  statistics.saved.resize(static_cast<size_t>(grid.count));
  Random random(seed, 1);
  const Sampler sampler(dataset, torch::kCPU);
  const double highest = static_cast<double>(network.shape().levels - 1);
  for (int done = 0; done < crops; done += kBatch) {
    const Tensor pictures = sampler.Draw(kBatch, {side, 0.3}, random);
    const Tensor q = torch::tensor(StratifiedQualities(kBatch, highest, random));
    AddBatch(network, pictures, q, grid, first_coded, &statistics);
    if (progress) progress(done + kBatch);
  }
  return statistics;
}

int ChooseFirstCoded(const Statistics& statistics, const std::vector<FittedTable>& tables) {
  for (size_t i = 0; i < tables.size(); ++i) {
    const double bits = CrossEntropy(statistics.latent[i], tables[i]) * statistics.latent[i].total();
    if (statistics.saved[i] > bits * kStepsForBit * kSkipMargin) return static_cast<int>(i);
  }
  return static_cast<int>(tables.size());
}

}  // namespace nic
