// Bjontegaard's rate difference: how many bits more or fewer one codec takes than another for the same quality.
#pragma once

#include <optional>
#include <vector>

namespace nic::tools {

// One point of a rate-distortion curve.
struct RateQuality {
  double rate;     // bits for each pixel, above 0
  double quality;  // dB
};

// The mean difference of the logarithm of the rate over the range of quality that both curves cover, as percent of the
// reference's rate: -50 means half of it. Each curve is interpolated by PCHIP, log-rate over quality. Points may come
// in any order; those that are not finite are left out, and of equal qualities the cheapest counts. Nothing where the
// curves have fewer than two points each or no common range.
std::optional<double> BdRate(const std::vector<RateQuality>& reference, const std::vector<RateQuality>& tested);

}  // namespace nic::tools
