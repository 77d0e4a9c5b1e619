// Finding the rate that meets a target, by evaluating few rates (design: one analysis, many quantisations).
#pragma once

#include <functional>

#include "base/status.h"
#include "model/gain.h"

namespace nic {

// Rates in one line: level * 256 + interpolation.
constexpr int kRateSteps = 256;
inline RateIndex RateAt(int step) { return {step / kRateSteps, step % kRateSteps}; }
inline int StepOf(const RateIndex& rate) { return rate.level * kRateSteps + rate.interpolation; }
// The highest step of a model with `levels` levels.
inline int HighestStep(int levels) { return (levels - 1) * kRateSteps; }

// Encodes at a step and gives the quantity that the target speaks of, which rises with the step (nearly always: a rise
// is not relied on for termination, only for finding the best).
using EvaluateRate = std::function<Status(int step, double* value)>;

struct RateGoal {
  double target = 0;
  bool from_below = true;   // true: the largest value <= target; false: the smallest value >= target
  double close_enough = 0;  // stop when a value on the right side is this near the target
  // Where a value lies between two others, for guessing the next step: the logarithm for sizes, identity for dB.
  bool logarithmic = true;
};

struct RateChoice {
  int step = 0;
  bool missed = false;  // the target lies outside the range: step is the nearest end
};

// Evaluates at most 16 steps of a range up to HighestStep(kMaxLevels); the chosen one is not necessarily the last
// evaluated. Its value is on the right side of the target unless that was missed, and for values that rise with the
// step it is the best there is, or close enough.
Status SearchRate(int highest_step, const RateGoal& goal, const EvaluateRate& evaluate, RateChoice* choice);

}  // namespace nic
