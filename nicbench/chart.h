// Rate-distortion curves as SVG.
#pragma once

#include <string>
#include <vector>

#include "tools/curve.h"

namespace nic::bench {

struct ChartCurve {
  tools::Curve curve;
  bool measured = true;  // in the run that is shown: solid with dots; published ones are dashed
};

struct CurveChart {
  std::string title;
  tools::Metric metric = tools::Metric::kPsnr;
  double max_bpp = 2;
  std::string highlight;  // the curve to draw bold
  std::vector<ChartCurve> curves;
};

// Quality over bits for each pixel, every curve with its name beside it. Empty if no curve has two points to show.
std::string DrawCurves(const CurveChart& chart);

}  // namespace nic::bench
