#include "table_fit.h"

#include <cmath>
#include <numeric>

#include "base/memory.h"
#include "check.h"
#include "random.h"

namespace nic::testing {
namespace {

uint32_t Sum(const std::vector<uint16_t>& frequencies) {
  return std::accumulate(frequencies.begin(), frequencies.end(), uint32_t{0});
}

Histogram Gaussian(double sigma, int count) {
  Histogram histogram;
  Random random(1, 1);
  for (int i = 0; i < count; ++i) {
    const double radius = std::sqrt(-2 * std::log(1 - random.Uniform()));
    histogram.Add(static_cast<int>(std::lround(sigma * radius * std::cos(6.283185307 * random.Uniform()))), 1);
  }
  return histogram;
}

TEST_CASE("tables: frequencies sum to one and spare nobody") {
  for (const std::vector<double>& weights : {std::vector<double>{1},
                                             {1, 0},
                                             {0, 0, 5},
                                             {1e-9, 1, 1e-9},
                                             std::vector<double>(1000, 1.0),
                                             {3, 3, 3, 3, 3, 3, 3}}) {
    const auto frequencies = ScaleFrequencies(weights);
    if (weights.size() == 1) continue;  // a single weight would need 65536
    CHECK(Sum(frequencies) == kProbabilityOne);
    for (uint16_t f : frequencies) CHECK(f >= 1);
  }
}

TEST_CASE("tables: every scale's table is valid, whether anything was counted or not") {
  Memory memory;
  for (double sigma : {0.06, 0.3, 1.0, 7.0, 60.0, 245.0}) {
    for (int count : {0, 1000}) {
      const FittedTable table = FitTable(Gaussian(sigma, count), sigma, 20);
      INFO(sigma);
      CHECK(Sum(table.frequencies) == kProbabilityOne);
      CHECK(table.frequencies.size() <= 513);
      const TableDescription description = table.Describe();
      TableSet set(memory);
      CHECK(TableSet::Build({&description, 1}, memory, &set).ok());
    }
  }
}

TEST_CASE("tables: counted symbols cost little more than their entropy") {
  for (double sigma : {0.3, 2.0, 20.0, 200.0}) {
    const Histogram histogram = Gaussian(sigma, 400000);
    double entropy = 0;
    for (int v = -Histogram::kReach; v <= Histogram::kReach; ++v) {
      const double p = histogram.count(v) / histogram.total();
      if (p > 0) entropy -= p * std::log2(p);
    }
    const double cost = CrossEntropy(histogram, FitTable(histogram, sigma, 500));
    INFO(sigma);
    CHECK(cost >= entropy - 1e-9);
    CHECK(cost < entropy * 1.003 + 0.001);
  }
}

TEST_CASE("tables: the prior rules where little was counted, the counts where much was") {
  Histogram few;
  few.Add(40, 1);
  const FittedTable prior = FitTable(few, 1, 1000);
  CHECK(prior.frequencies[static_cast<size_t>(-prior.first)] == Approx(0.3829 * 65536).epsilon(0.01));
  Histogram many;
  many.Add(3, 1e6);
  const FittedTable counted = FitTable(many, 1, 1000);
  CHECK(counted.frequencies[static_cast<size_t>(3 - counted.first)] > 65000);
}

}  // namespace
}  // namespace nic::testing
