// What a training needs to know, read from a text file of `key = value` lines; # starts a comment.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "network_shape.h"

namespace nic {

struct Config {
  std::string model = "nic-fast";   // what the configuration is for; a note
  std::string data;                 // folder or pack of training pictures
  std::string init;                 // safetensors to start from; empty: as `start` says
  std::string start = "klt";        // or "random"
  std::string output = "training";  // folder for checkpoints and log
  int64_t patch = 192;              // pixels, a multiple of 16
  int64_t batch = 8;
  int64_t steps = 20000;
  int64_t warmup = 100;     // steps
  double rate = 4e-4;       // the learning rate's peak
  double weight_decay = 0;  // of convolution weights only
  double clip = 2;          // the gradient's largest norm
  double ema = 0.999;
  double downscale = 0;  // share of crops that are scaled down
  double smallest_scale = 0.5;
  double colour = 0;       // the most by which contrast, saturation and brightness of a crop change
  double chroma = 0;       // share of crops whose chroma is smoothed, as it is in pictures that were 4:2:0
  double patterns = 0;     // share of crops that an artificial pattern covers, wholly or in part
  double loss_limit = 0;   // the most that one crop counts in a step's loss; 0: whatever it is
  double similarity = 0;   // share of 1 - MS-SSIM in the distortion; 0: squared error alone
  std::string validation;  // folder or pack of pictures that the training is judged on as it goes; empty: none
  double validation_minutes = 15;
  bool quantise = false;  // weights are rounded in each step as the exporter rounds them; a short stage at the end
  int64_t seed = 1;
  std::string precision = "single";  // or "bf16": of the inner convolutions
  double checkpoint_minutes = 10;
  int64_t log_steps = 50;
  double lambda_low = 0.0018;  // of level 0
  double lambda_high = 0.18;   // of the last level
  NetworkShape shape;
};

// NIC_INVALID_ARGUMENT with the line's number for an unknown key, a bad value or a value out of its range.
Status ParseConfig(const std::string& text, Config* config);
Status ReadConfig(const std::string& path, Config* config);
// The file that ParseConfig reads back to the same configuration.
std::string FormatConfig(const Config& config);

}  // namespace nic
