// Speeds as SVG.
#pragma once

#include <string>
#include <vector>

namespace nic::bench {

// One codec with one number of threads.
struct SpeedRow {
  std::string name;
  int threads = 1;
  double encode = 0;  // megapixels a second; 0: not measured
  double decode = 0;
};

// Encoding and decoding side by side on logarithmic axes, a line for each name in the order of the rows, a dot for each
// number of threads, and the figures behind them. Empty if there is nothing to show.
std::string DrawSpeeds(const std::string& title, const std::vector<SpeedRow>& rows);

}  // namespace nic::bench
