// Filters across borders every 8 pixels (format-spec/codec.md, "Deblocking"), fitted to a model that is there.
#pragma once

#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "coded_file.h"
#include "codec/prepared_model.h"
#include "dataset.h"
#include "model/model.h"

namespace nic {

struct DeblockingOptions {
  std::vector<double> activity = {2, 4, 8, 16, 32};  // thresholds of the classes, in levels of 255; rising
  std::vector<double> step = {2, 5, 10, 20};
  int filter_bits = 13;
  int fewest = 3000;  // lines that a class must have for a filter of its own; it has none with fewer
  // The second fit sees rows that the first has filtered, as a decoder's filters between rows do.
  int rounds = 2;
};

// Fits, for each gain level, kind of border and class, the filter of the least squared error (Wiener 1949; in video
// coding, Tsai et al. 2013, "Adaptive Loop Filtering for Video Coding"): from the decoded samples of a line, less their
// mean, to what is missing of the picture. `model` has an encoder and no deblocking.
Status FitDeblocking(const PreparedModel& model, const Dataset& pictures, const DeblockingOptions& options,
                     Memory& memory, const FitProgress& progress, DeblockingModel* deblocking);

// What a level's filters bring: means over the pictures.
struct DeblockingReport {
  double psnr = 0;  // dB
  // The mean square of a step across the borders of latents, divided by that of all other steps.
  double edges = 0;
};

// Judges `model` as it is, with or without deblocking, by the pictures that were held out, at every level.
Status JudgeDeblocking(const PreparedModel& model, const Dataset& pictures, Memory& memory,
                       std::vector<DeblockingReport>* reports);

}  // namespace nic
