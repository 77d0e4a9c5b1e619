#include "torch/real_model.h"

#include <algorithm>
#include <cmath>

namespace nic {
namespace {

using torch::Tensor;

constexpr int64_t kWidestReach = 4096;

int64_t ReachOf(const TableSet& tables, size_t first, size_t count) {
  int64_t reach = 1;
  for (size_t i = first; i < first + count; ++i) {
    const int64_t unit = int64_t{1} << tables.low_bits(i);
    const int64_t low = -tables.first(i) * unit;
    const int64_t high = (tables.first(i) + tables.symbols(i)) * unit;
    reach = std::max({reach, low, high});
  }
  return std::min(reach, kWidestReach);
}

}  // namespace

CostTable::CostTable(const TableSet& tables, size_t first, size_t count, const torch::TensorOptions& options)
    : reach_(ReachOf(tables, first, count)), columns_(2 * reach_ + 1) {
  const auto rows = static_cast<int64_t>(count);
  Tensor costs = torch::zeros({std::max<int64_t>(rows, 1), columns_}, torch::kDouble);
  auto* to = costs.data_ptr<double>();
  for (size_t i = first; i < first + count; ++i) {
    for (int64_t value = -reach_; value <= reach_; ++value) {
      *to++ = static_cast<double>(tables.SymbolCost(i, static_cast<int>(value))) / static_cast<double>(TableSet::kBit);
    }
  }
  const int64_t last = costs.size(0) - 1;
  const Tensor index = torch::arange(last + 1, torch::kLong);
  const Tensor next = costs.index_select(0, (index + 1).clamp_max(last));
  const Tensor before = costs.index_select(0, (index - 1).clamp_min(0));
  costs_ = costs.flatten().to(options);
  slopes_ = ((next - before) / 2).flatten().to(options);
}

Tensor CostTable::Index(const Tensor& row, const Tensor& value) const {
  return row * columns_ + (value.clamp(-reach_, reach_) + reach_);
}

Tensor CostTable::Cost(const Tensor& row, const Tensor& floor, const Tensor& part) const {
  const Tensor low = costs_.take(Index(row, floor));
  const Tensor high = costs_.take(Index(row, floor + 1));
  return low + (high - low) * part;
}

Tensor CostTable::Slope(const Tensor& row, const Tensor& floor, const Tensor& part) const {
  const Tensor low = slopes_.take(Index(row, floor));
  const Tensor high = slopes_.take(Index(row, floor + 1));
  return low + (high - low) * part;
}

Tensor RealGains(const std::pmr::vector<LogGain>& table, int channels, const RateIndex& rate,
                 const torch::TensorOptions& options) {
  std::vector<Gain> gains(static_cast<size_t>(channels));
  ComputeGains(table, channels, rate, gains.data());
  std::vector<double> factors;
  for (const Gain& gain : gains) factors.push_back(std::ldexp(static_cast<double>(gain.mantissa), -gain.shift));
  return torch::tensor(factors, torch::kDouble).view({1, -1, 1, 1}).to(options);
}

RealModel::RealModel(const DecoderModel& decoder, const EncoderModel& encoder, const TableSet& tables,
                     const torch::TensorOptions& options)
    : hyper_analysis(encoder.hyper_analysis, options),
      hyper_synthesis(decoder.hyper_synthesis, options),
      synthesis(decoder.synthesis, options),
      hyper_costs(tables, 0, decoder.hyper_tables.size(), options),
      scale_costs(tables, decoder.hyper_tables.size(), decoder.scale_tables.size(), options) {
  for (const Pass& pass : decoder.passes) contexts.emplace_back(pass.context, options);
}

double RealModel::BytesForPosition(const DecoderModel& decoder) const {
  // Beside the networks: the quantiser's and the costs' steps, several values a latent in each pass.
  constexpr double kValuesForLatent = 30;
  double values =
      synthesis.kept_values() + hyper_synthesis.kept_values() / (decoder.hyper_factor * decoder.hyper_factor);
  for (const RealGraph& context : contexts) values += context.kept_values();
  values += kValuesForLatent * decoder.latent_channels * static_cast<double>(contexts.size() + 1);
  return values * sizeof(float);
}

}  // namespace nic
