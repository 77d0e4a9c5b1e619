// Bjontegaard's rate difference between two rate-distortion curves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace nic {

struct RatePoint {
  double bpp = 0;
  double psnr = 0;  // in dB
};

// By how much `curve` needs more rate than `anchor` at equal PSNR, in percent, averaged over their common PSNR range:
// piecewise cubic Hermite interpolation (Fritsch and Carlson) of the logarithm of the rate. None where a curve has
// fewer than two points or is not increasing, or where the ranges do not overlap.
std::optional<double> BdRate(std::vector<RatePoint> anchor, std::vector<RatePoint> curve);

// The curve `name` of a JSON file {"curves": {name: {"bpp": [], "psnr_rgb": []}}}.
Status ReadCurve(const std::string& path, const std::string& name, std::vector<RatePoint>* curve);

}  // namespace nic
