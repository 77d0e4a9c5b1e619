// What an export learns from pictures: the samples that set the ranges of integer tensors, and how often each symbol
// occurs.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "dataset.h"
#include "network.h"
#include "table_fit.h"

namespace nic {

// (count + artificial ones, 3, side, side) pictures in [-0.5, 0.5]: random crops, and flat, striped, chequered and
// noisy squares of the most extreme colours, which no photograph reaches.
torch::Tensor DrawCalibrationPictures(const Dataset& dataset, int count, int side, uint64_t seed);

// Log-spaced deviations: index i stands for exp(kMinLogScale + i * (kMaxLogScale - kMinLogScale) / (count - 1)).
struct ScaleGrid {
  int count = 64;
  double IndexOf(double log_scale) const { return (log_scale - kMinLogScale) * per_unit(); }
  double per_unit() const { return (count - 1) / (kMaxLogScale - kMinLogScale); }
  double Deviation(int index) const;
};

struct Statistics {
  std::vector<Histogram> hyper;   // per hyper-latent channel: the symbols
  std::vector<Histogram> latent;  // per scale index: the symbols round(y - mean), those too that would not be coded
  std::vector<double> saved;      // per scale index: by how much coding lowers the squared error, in squared steps
};

// Runs the network with the codec's rounding over `crops` random crops, at qualities from everywhere. Latents whose
// scale index is below `first_coded` are taken as their means.
Statistics GatherStatistics(Network& network, const Dataset& dataset, int crops, int side, uint64_t seed,
                            const ScaleGrid& grid, int first_coded, const std::function<void(int)>& progress);

// What a bit is worth in squared quantiser steps: 2 ln 2 / 12, where a uniform quantiser's distortion of 1/12 falls by
// a factor of 4 with each bit.
constexpr double kStepsForBit = 0.1155;

// The smallest index from which coding is worth its bits. A latent that is not coded also spoils the later pass's
// context, so that it must cost more than it saves by a margin. On photographs, BD-rate against coding everything: -0.3
// % from index 8 on, -1.0 % from 12, +1.2 % from 16, where bits and squared error balance without a margin.
constexpr double kSkipMargin = 0.4;
int ChooseFirstCoded(const Statistics& statistics, const std::vector<FittedTable>& tables);

}  // namespace nic
