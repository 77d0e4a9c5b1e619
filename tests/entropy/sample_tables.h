// Probability tables and values drawn from them, for tests and benchmarks of the entropy coder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "entropy/table.h"

namespace nic::sample {

// A description that owns its frequencies.
struct OwnedTable {
  int16_t first = 0;
  uint8_t low_bits = 0;
  std::vector<uint16_t> frequencies;

  TableDescription view() const { return {first, low_bits, frequencies}; }
};

// Frequencies of at least 1 that sum to 65536, in proportion to the weights.
inline std::vector<uint16_t> Quantise(const std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  std::vector<uint16_t> frequencies;
  int left = 65536;
  for (const double weight : weights) {
    const double share = weight / sum * (65536.0 - static_cast<double>(weights.size()));
    frequencies.push_back(static_cast<uint16_t>(1 + std::min(65534.0, std::floor(share))));
    left -= frequencies.back();
  }
  auto largest = std::max_element(frequencies.begin(), frequencies.end());
  *largest = static_cast<uint16_t>(*largest + left);
  return frequencies;
}

enum class Shape { kLaplace, kGauss };

inline double Cumulative(Shape shape, double x, double scale) {
  if (shape == Shape::kGauss) return 0.5 * std::erfc(-x / scale / std::sqrt(2.0));
  return x < 0 ? 0.5 * std::exp(x / scale) : 1 - 0.5 * std::exp(-x / scale);
}

// A zero-mean distribution over integers, cut where 2^-16 of it is left.
inline OwnedTable Zero(Shape shape, double scale) {
  OwnedTable table;
  const double reach = shape == Shape::kGauss ? 4.3 * scale : 11.0 * scale;
  while ((2 * reach + 1) / (1 << table.low_bits) > 500) ++table.low_bits;
  const int side = static_cast<int>(std::ceil(reach / (1 << table.low_bits)));
  const double width = 1 << table.low_bits;
  table.first = static_cast<int16_t>(-side);
  std::vector<double> weights;
  for (int s = -side; s <= side; ++s) {
    weights.push_back(Cumulative(shape, (s + 0.5) * width, scale) - Cumulative(shape, (s - 0.5) * width, scale));
  }
  weights.push_back(1.0 / 65536);
  table.frequencies = Quantise(weights);
  return table;
}

// `count` tables with scales from `low` to `high`, evenly in the logarithm.
inline std::vector<OwnedTable> Scales(Shape shape, double low, double high, int count) {
  std::vector<OwnedTable> tables;
  for (int i = 0; i < count; ++i) tables.push_back(Zero(shape, low * std::pow(high / low, double(i) / (count - 1))));
  return tables;
}

inline TableSet Build(const std::vector<OwnedTable>& owned, Memory& memory) {
  std::vector<TableDescription> descriptions;
  for (const OwnedTable& table : owned) descriptions.push_back(table.view());
  TableSet tables(memory);
  if (!TableSet::Build(descriptions, memory, &tables).ok()) std::abort();
  return tables;
}

// A value drawn from a table, escapes as the nearest values outside.
template <typename Random>
int16_t Draw(const OwnedTable& table, Random& random) {
  auto slot = static_cast<int>(random() & 0xFFFF);
  size_t symbol = 0;
  while (slot >= table.frequencies[symbol]) slot -= table.frequencies[symbol++];
  const int half = (1 << table.low_bits) >> 1;
  const int low = static_cast<int>(random() & ((1u << table.low_bits) - 1));
  return static_cast<int16_t>((table.first + static_cast<int>(symbol)) * (1 << table.low_bits) - half + low);
}

}  // namespace nic::sample
