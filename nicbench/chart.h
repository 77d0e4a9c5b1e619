// The charts that `nicbench plot` draws, as SVG.
#pragma once

#include <string>
#include <vector>

#include "nicbench/curve.h"

namespace nic::bench {

struct ChartCurve {
  Curve curve;
  bool measured = true;  // in the run that is shown: solid with dots; published ones are dashed
};

struct CurveChart {
  std::string title;
  Metric metric = Metric::kPsnr;
  double max_bpp = 2;
  std::string highlight;  // the curve to draw bold
  std::vector<ChartCurve> curves;
};

// Quality over bits for each pixel, every curve with its name beside it. Empty if no curve has two points to show.
std::string DrawCurves(const CurveChart& chart);

struct SpeedRow {
  std::string name;
  int threads = 1;
  double encode = 0;  // megapixels a second; 0: not measured
  double decode = 0;
};

// Encoding and decoding speeds on logarithmic axes, one row for each codec, a dot for each count of threads.
std::string DrawSpeeds(const std::string& title, const std::vector<SpeedRow>& rows);

}  // namespace nic::bench
