// Judges a training as it goes, on a handful of whole pictures: a line of a table for each quality, and a sample to
// look at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config.h"
#include "dataset.h"
#include "trainer.h"

namespace nic {

class Validation {
 public:
  // Reads the configuration's pictures, at most kPictures of them; without any, Run does nothing.
  static Status Open(const Config& config, torch::Device device, std::unique_ptr<Validation>* validation);

  bool active() const { return pictures_.size() > 0; }
  // Appends step, seconds, quality, bits per pixel and PSNR of the moving average's network to `validation.csv` in the
  // training's output folder, and writes `samples/step-NNNNNNNN.png` there: the first picture and what the lowest, the
  // middle and the highest quality make of it, side by side.
  Status Run(const Trainer& trainer, double seconds);

  static constexpr size_t kPictures = 6;

 private:
  Validation(const Config& config, torch::Device device);
  Status WriteSample(int64_t step);

  std::string output_;
  torch::Device device_;
  Dataset pictures_;
  std::shared_ptr<Network> network_;
  std::vector<double> qualities_;
};

}  // namespace nic
