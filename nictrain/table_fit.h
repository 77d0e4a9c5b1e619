// Probability tables from what was counted, over a Gaussian where little was.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "entropy/table.h"

namespace nic {

// How often each integer occurred; values beyond the ends are counted apart.
class Histogram {
 public:
  static constexpr int kReach = 2048;
  Histogram() : counts_(2 * kReach + 1) {}
  void Add(int value, double count);
  double count(int value) const { return counts_[static_cast<size_t>(value + kReach)]; }
  double total() const { return total_; }

 private:
  std::vector<double> counts_;
  double total_ = 0;  // those out of reach included
};

struct FittedTable {
  int first = 0;
  int low_bits = 0;
  std::vector<uint16_t> frequencies;  // the symbols', then the escape's
  TableDescription Describe() const {
    return {static_cast<int16_t>(first), static_cast<uint8_t>(low_bits), frequencies};
  }
};

// The table for values that are Gaussian of deviation `sigma` around zero before they are rounded, as far as the
// histogram does not know better: the Gaussian counts as `prior` observations.
FittedTable FitTable(const Histogram& histogram, double sigma, double prior);

// Frequencies >= 1 that sum to 65536, in proportion to weights >= 0; at most 65535 weights, not all zero.
std::vector<uint16_t> ScaleFrequencies(std::span<const double> weights);

// Mean bits for a value of the histogram (within reach) when it is coded with the table.
double CrossEntropy(const Histogram& histogram, const FittedTable& table);

}  // namespace nic
