// Trains a network: one object holds the weights, their moving average and the optimiser's state, as flat vectors that
// a checkpoint stores and restores exactly.
//
// Every step draws its crops, qualities and noise from (seed, step) alone, so that a resumed training continues as if
// it had never stopped.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "config.h"
#include "dataset.h"
#include "network.h"
#include "objective.h"
#include "sampler.h"

namespace nic {

struct StepReport {
  int64_t step = 0;  // steps done, this one included
  double loss = 0;
  double bpp = 0;
  double psnr = 0;       // in dB, of the batch's mean over pictures
  double gradient = 0;   // norm before clipping
  double rate = 0;       // learning rate
  bool skipped = false;  // loss or gradient not finite: no weight has changed
};

// AdamW (0.9, 0.99), with gradient clipping and a moving average of the weights.
class Optimiser {
 public:
  Optimiser(Network& network, const Config& config);

  // Takes one step; `step` counts from 1. Returns the gradient's norm; where that is not finite nothing changes.
  double Step(int64_t step, double rate);
  // From now on weights are rounded to multiples of `steps`, which are given by the parameters' names.
  void SetSteps(const std::map<std::string, torch::Tensor>& steps);
  // Clears the gradients. Until EndRounding the network has the rounded weights, if there are steps; its gradients then
  // count as those of the weights themselves.
  void BeginStep();
  void EndRounding();
  // A network of the same shape gets the moving average.
  void CopyAverage(Network& network) const;

  // Each as a safetensors set of the network's tensor names.
  struct State {
    StoredTensors weights, average, first, second;
    StoredTensors steps;  // empty without
  };
  State Store() const;
  Status Restore(const State& state);
  // After the network's weights were set from outside: the moving average starts there.
  void StartAverage() { average_.copy_(weights_); }

 private:
  struct Part {
    std::string name;
    std::vector<int64_t> shape;
    int64_t begin;
    int64_t count;
  };
  StoredTensors StoreFlat(const torch::Tensor& flat) const;
  Status RestoreFlat(const StoredTensors& stored, torch::Tensor& flat);

  std::vector<Part> parts_;
  torch::Tensor weights_, gradients_, average_, first_, second_, decays_;
  torch::Tensor steps_;    // 0 where a weight is not rounded; undefined without
  torch::Tensor masters_;  // the weights while the network has the rounded ones; otherwise undefined
  double clip_;
  double ema_;
};

class Trainer {
 public:
  // `dataset` must outlive the trainer and hold no picture smaller than a patch.
  Trainer(const Config& config, const Dataset& dataset, torch::Device device);

  Status Initialise(const StoredTensors& weights);
  void BeginWithKlt(const Dataset& dataset);
  // From a smaller network (GrowNetwork).
  Status BeginGrown(Network& from, const Dataset& dataset);
  // Configurations that quantise: finds the grid of the weights as they are. Needed unless the training is resumed.
  Status BeginQuantised(const Dataset& dataset);
  // One step at the given learning rate. Where the loss or its gradient is not finite the weights stay as they are and
  // the report says that the step was skipped; NIC_INTERNAL after 50 such steps in a row.
  Status Step(double rate, StepReport* report);

  // A checkpoint is a folder `step-NNNNNNNN` below `folder`, complete or absent; the two newest are kept. No file in it
  // is above 16 MiB.
  Status Save(const std::string& folder, double elapsed_seconds) const;
  // Restores from a checkpoint's folder, or from the newest below a training's output folder.
  Status Resume(const std::string& path, double* elapsed_seconds);

  int64_t step() const { return step_; }
  Network& network() { return *network_; }
  void CopyAverage(Network& network) const { optimiser_->CopyAverage(network); }

 private:
  // Steps are stored where they are used.
  size_t StateCount() const { return config_.quantise ? 5 : 4; }

  Config config_;
  torch::Device device_;
  Sampler sampler_;
  Lambdas lambdas_;
  std::shared_ptr<Network> network_;
  std::unique_ptr<Optimiser> optimiser_;
  int64_t step_ = 0;
  int skipped_in_a_row_ = 0;
};

// The moving average out of a checkpoint's folder, or out of the newest below a training's output folder.
Status ReadAverage(const std::string& path, StoredTensors* average);

// The learning rate's factor in [0, 1]: a linear warm-up, then a cosine that reaches zero at `progress` 1.
double RateFactor(int64_t step, int64_t warmup, double progress);

struct TrainingRun {
  Config config;
  std::string resume;              // checkpoint or output folder; empty: start anew
  std::shared_ptr<Network> grown;  // a smaller network to start from, instead of config.init; none: as config says
  double minutes = 0;              // the schedule's length by the clock; 0: by config.steps alone
  torch::Device device = torch::kCPU;
  const std::atomic<bool>* stop = nullptr;  // set by a signal: checkpoint and return
};
// The whole training with log, progress and checkpoints. NIC_CANCELLED when stopped early.
Status Train(const TrainingRun& run);

}  // namespace nic
