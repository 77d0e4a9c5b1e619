#include "codec/rate_search.h"

#include <algorithm>
#include <cmath>

#include "model/model.h"

namespace nic {
namespace {

constexpr int kMaxEvaluations = 16;
static_assert((kMaxLevels - 1) * kRateSteps <= 1 << (kMaxEvaluations - 2), "halving alone must get there");

// A step strictly between two evaluated ones, where the target would be if values rose evenly between them; every third
// time the middle, so that a bent curve cannot stall the search. Never so far to one side that the evaluations left
// could not halve the rest down to neighbours.
int GuessStep(const RateGoal& goal, int low, double low_value, int high, double high_value, int evaluation) {
  const int middle = low + (high - low) / 2;
  const int widest = 1 << (kMaxEvaluations - 1 - evaluation);
  if (evaluation % 3 == 2) return middle;
  const auto scale = [&](double value) { return goal.logarithmic ? std::log(std::max(value, 1e-9)) : value; };
  const double span = scale(high_value) - scale(low_value);
  if (!(span > 0)) return middle;
  const double fraction = (scale(goal.target) - scale(low_value)) / span;
  const double guess = low + std::clamp(fraction, 0.0, 1.0) * (high - low);
  return std::clamp(static_cast<int>(std::lround(guess)), std::max(low + 1, high - widest),
                    std::min(high - 1, low + widest));
}

}  // namespace

Status SearchRate(int highest_step, const RateGoal& goal, const EvaluateRate& evaluate, RateChoice* choice) {
  const auto good = [&](double value) { return goal.from_below ? value <= goal.target : value >= goal.target; };
  const auto close = [&](double value) { return good(value) && std::abs(value - goal.target) <= goal.close_enough; };

  int low = 0;
  int high = highest_step;
  double low_value = 0;
  double high_value = 0;
  NIC_RETURN_IF_ERROR(evaluate(high, &high_value));
  if (goal.from_below ? good(high_value) : !good(high_value)) {
    *choice = {high, !close(high_value)};
    return {};
  }
  NIC_RETURN_IF_ERROR(evaluate(low, &low_value));
  if (goal.from_below ? !good(low_value) : good(low_value)) {
    *choice = {low, !close(low_value)};
    return {};
  }
  for (int evaluation = 2; evaluation < kMaxEvaluations && high - low > 1; ++evaluation) {
    const int step = GuessStep(goal, low, low_value, high, high_value, evaluation);
    double value = 0;
    NIC_RETURN_IF_ERROR(evaluate(step, &value));
    if (close(value)) {
      *choice = {step, false};
      return {};
    }
    const bool too_high = value > goal.target || (!goal.from_below && value == goal.target);
    (too_high ? high : low) = step;
    (too_high ? high_value : low_value) = value;
  }
  *choice = {goal.from_below ? low : high, false};
  return {};
}

}  // namespace nic
