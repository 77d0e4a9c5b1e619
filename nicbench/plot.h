// nicbench plot: draws measurements.
#pragma once

#include <string>
#include <vector>

#include "nicbench/launcher.h"

namespace nic::bench {

struct PlotOptions {
  std::vector<std::string> inputs;  // FILE or FILE:NAME,..
  std::string output;
  std::string metric = "psnr";
  std::string title;
  std::string highlight;
  double max_bpp = 2;
};

// Writes the chart. Returns the exit status.
int RunPlot(const PlotOptions& options, Launcher* launcher);

}  // namespace nic::bench
