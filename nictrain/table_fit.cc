#include "table_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace nic {
namespace {

constexpr int kWidestAlphabet = 512;     // of kMaxSymbols: a small table is quicker to search
constexpr double kRarest = 0.5 / 65536;  // a symbol below this probability is left to the escape
constexpr int kEscapeBits = kEscapePrefixBits;

// The Gaussian's mass in [value - 1/2, value + 1/2].
double GaussianMass(int value, double sigma) {
  const double scale = 1 / (sigma * std::sqrt(2.0));
  const double near = std::abs(value) - 0.5;
  return 0.5 * (std::erfc(near * scale) - std::erfc((near + 1) * scale));
}

// The probability of every value in reach, blended.
std::vector<double> Blend(const Histogram& histogram, double sigma, double prior) {
  std::vector<double> mass(2 * Histogram::kReach + 1);
  const double total = histogram.total() + prior;
  for (int value = -Histogram::kReach; value <= Histogram::kReach; ++value) {
    mass[static_cast<size_t>(value + Histogram::kReach)] =
        (histogram.count(value) + prior * GaussianMass(value, sigma)) / total;
  }
  return mass;
}

// Probabilities of symbols that hold 2^low_bits values each; symbol `s` is at s + reach.
std::vector<double> Group(const std::vector<double>& mass, int low_bits, int reach) {
  std::vector<double> grouped(static_cast<size_t>(2 * reach + 1));
  const int half = (1 << low_bits) >> 1;
  for (int value = -Histogram::kReach; value <= Histogram::kReach; ++value) {
    const int symbol = (value + half) >> low_bits;
    grouped[static_cast<size_t>(std::clamp(symbol, -reach, reach) + reach)] +=
        mass[static_cast<size_t>(value + Histogram::kReach)];
  }
  return grouped;
}

}  // namespace

void Histogram::Add(int value, double count) {
  total_ += count;
  if (std::abs(value) <= kReach) counts_[static_cast<size_t>(value + kReach)] += count;
}

std::vector<uint16_t> ScaleFrequencies(std::span<const double> weights) {
  double sum = 0;
  for (double weight : weights) sum += weight;
  std::vector<int64_t> scaled(weights.size());
  int64_t left = kProbabilityOne;
  for (size_t i = 0; i < weights.size(); ++i) {
    scaled[i] = std::max<int64_t>(1, std::llround(weights[i] / sum * kProbabilityOne));
    left -= scaled[i];
  }
  // What rounding left over goes where it changes the ratio least.
  for (; left != 0; left -= left > 0 ? 1 : -1) {
    *std::max_element(scaled.begin(), scaled.end()) += left > 0 ? 1 : -1;
  }
  return {scaled.begin(), scaled.end()};
}

FittedTable FitTable(const Histogram& histogram, double sigma, double prior) {
  const std::vector<double> mass = Blend(histogram, sigma, prior);
  FittedTable table;
  std::vector<double> grouped;
  int first = 0;
  int last = 0;
  int reach = 0;
  for (table.low_bits = 0;; ++table.low_bits) {
    reach = Histogram::kReach >> table.low_bits;
    grouped = Group(mass, table.low_bits, reach);
    const auto common = [&](int symbol) { return grouped[static_cast<size_t>(symbol + reach)] >= kRarest; };
    for (first = -reach; first < 0 && !common(first);) ++first;
    for (last = reach; last > 0 && !common(last);) --last;
    if (last - first < kWidestAlphabet || table.low_bits == kMaxLowBits) break;
  }
  std::vector<double> weights(grouped.begin() + (first + reach), grouped.begin() + (last + reach + 1));
  double inside = 0;
  for (double weight : weights) inside += weight;
  weights.push_back(std::max(0.0, 1 - inside));
  table.first = first;
  table.frequencies = ScaleFrequencies(weights);
  return table;
}

double CrossEntropy(const Histogram& histogram, const FittedTable& table) {
  const int symbols = static_cast<int>(table.frequencies.size()) - 1;
  const int half = (1 << table.low_bits) >> 1;
  double bits = 0;
  double counted = 0;
  for (int value = -Histogram::kReach; value <= Histogram::kReach; ++value) {
    const double count = histogram.count(value);
    if (count == 0) continue;
    const int symbol = ((value + half) >> table.low_bits) - table.first;
    const bool inside = symbol >= 0 && symbol < symbols;
    double cost = 16 - std::log2(table.frequencies[static_cast<size_t>(inside ? symbol : symbols)]) + table.low_bits;
    if (!inside) cost += kEscapeBits + Escape::Of(symbol, symbols).SuffixBits();
    bits += count * cost;
    counted += count;
  }
  return counted > 0 ? bits / counted : 0;
}

}  // namespace nic
