#include "codec/rate_search.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <set>

using nic::RateChoice;
using nic::RateGoal;
using nic::SearchRate;
using nic::Status;

namespace {

constexpr int kHighest = 1280;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Outcome {
  RateChoice choice;
  double value = 0;  // at the chosen step
  size_t evaluations = 0;
};

using Curve = std::function<double(int)>;

Outcome Search(const Curve& curve, const RateGoal& goal, int highest = kHighest) {
  Outcome outcome;
  std::set<int> seen;
  const auto evaluate = [&](int step, double* value) -> Status {
    REQUIRE((step >= 0 && step <= highest));
    ++outcome.evaluations;
    seen.insert(step);
    *value = curve(step);
    return {};
  };
  REQUIRE(SearchRate(highest, goal, evaluate, &outcome.choice).ok());
  REQUIRE(outcome.evaluations <= 16);
  REQUIRE(seen.count(outcome.choice.step) == 1);
  outcome.value = curve(outcome.choice.step);
  return outcome;
}

RateGoal GoalOf(double target, bool from_below, double close_enough = 0) {
  RateGoal goal;
  goal.target = target;
  goal.from_below = from_below;
  goal.close_enough = close_enough;
  goal.logarithmic = from_below;
  return goal;
}

// The best value that any step gives, or the nearest end with `missed`.
void RequireBest(const Curve& curve, const RateGoal& goal, int highest) {
  const Outcome outcome = Search(curve, goal, highest);
  CAPTURE(goal.target, goal.from_below, outcome.choice.step, outcome.value);
  const auto good = [&](double value) { return goal.from_below ? value <= goal.target : value >= goal.target; };
  double best = goal.from_below ? -kInfinity : kInfinity;
  for (int step = 0; step <= highest; ++step) {
    const double value = curve(step);
    if (good(value)) best = goal.from_below ? std::max(best, value) : std::min(best, value);
  }
  const bool reached = std::abs(best) != kInfinity;
  if (!reached) {
    REQUIRE(outcome.choice.missed);
    REQUIRE(outcome.choice.step == (goal.from_below ? 0 : highest));
    return;
  }
  REQUIRE(outcome.value == best);
  const bool beyond = goal.from_below ? curve(highest) < goal.target : curve(0) > goal.target;
  REQUIRE(outcome.choice.missed == beyond);
}

const std::vector<Curve>& RisingCurves() {
  static const std::vector<Curve> curves = {
      [](int step) { return 1000 + 10.0 * step; },
      [](int step) { return 300 * std::exp2(step / 200.0); },
      [](int step) { return 1e6 - 1e6 * std::exp2(-step / 40.0); },          // steep, then flat
      [](int step) { return 100 + std::pow(step / 1280.0, 40) * 1e9; },      // flat, then very steep
      [](int step) { return step < 900 ? 500.0 + step * 1e-6 : 1e12 + step; },  // a cliff
      [](int step) { return step < 3 ? step : 1e9 + step; },
      [](int step) { return step == kHighest ? 1e9 : 1.0 + step * 1e-9; },
  };
  return curves;
}

}  // namespace

TEST_CASE("steps and rates are two names of one thing") {
  REQUIRE(nic::HighestStep(1) == 0);
  REQUIRE(nic::HighestStep(6) == 1280);
  REQUIRE(nic::RateAt(0).level == 0);
  REQUIRE(nic::RateAt(1279).level == 4);
  REQUIRE(nic::RateAt(1279).interpolation == 255);
  REQUIRE(nic::RateAt(1280).level == 5);
  REQUIRE(nic::RateAt(1280).interpolation == 0);
  for (int step = 0; step <= 3840; ++step) REQUIRE(nic::StepOf(nic::RateAt(step)) == step);
}

TEST_CASE("on a rising curve the best step is found for every target") {
  for (const Curve& curve : RisingCurves()) {
    for (int step = 0; step <= kHighest; step += 37) {
      for (const double nudge : {-1e-10, 0.0, 1e-10}) {
        RequireBest(curve, GoalOf(curve(step) * (1 + nudge), true), kHighest);
        RequireBest(curve, GoalOf(curve(step) * (1 + nudge), false), kHighest);
      }
    }
    RequireBest(curve, GoalOf(-5, true), kHighest);
    RequireBest(curve, GoalOf(1e15, true), kHighest);
    RequireBest(curve, GoalOf(-5, false), kHighest);
    RequireBest(curve, GoalOf(1e15, false), kHighest);
  }
}

TEST_CASE("random rising curves of every length are searched to the end") {
  std::mt19937 random(3);
  for (int trial = 0; trial < 300; ++trial) {
    const int highest = static_cast<int>(random() % 3841);
    std::vector<double> values(static_cast<size_t>(highest) + 1);
    double value = 100;
    const int wildness = static_cast<int>(random() % 12);
    for (double& at : values) {
      at = value;
      value += std::exp2(static_cast<double>(random() % 1000) / 1000 * wildness);
    }
    const auto curve = [&](int step) { return values[static_cast<size_t>(step)]; };
    const double target = values[random() % values.size()] + static_cast<double>(random() % 3) - 1;
    CAPTURE(trial, highest);
    RequireBest(curve, GoalOf(target, trial % 2 == 0), highest);
  }
}

TEST_CASE("a value close enough ends the search") {
  const auto curve = [](int step) { return 300 * std::exp2(step / 200.0); };
  for (const double target : {400.0, 1234.5, 20000.0}) {
    const Outcome outcome = Search(curve, GoalOf(target, true, target / 400));
    REQUIRE_FALSE(outcome.choice.missed);
    REQUIRE(outcome.value <= target);
    REQUIRE(outcome.value >= target * (1 - 1.0 / 200));  // a step is 0.35 %
    REQUIRE(outcome.evaluations <= 8);
  }
}

TEST_CASE("an end that is close enough is no miss, one farther away is") {
  const auto curve = [](int step) { return 100.0 + step; };  // 100 .. 1380
  REQUIRE_FALSE(Search(curve, GoalOf(1380, true)).choice.missed);
  REQUIRE_FALSE(Search(curve, GoalOf(1385, true, 5)).choice.missed);
  REQUIRE(Search(curve, GoalOf(1386, true, 5)).choice.missed);
  REQUIRE_FALSE(Search(curve, GoalOf(100, true)).choice.missed);
  REQUIRE(Search(curve, GoalOf(99, true, 5)).choice.missed);  // on the wrong side
  REQUIRE_FALSE(Search(curve, GoalOf(100, false)).choice.missed);
  REQUIRE_FALSE(Search(curve, GoalOf(95, false, 5)).choice.missed);
  REQUIRE(Search(curve, GoalOf(94, false, 5)).choice.missed);
  REQUIRE(Search(curve, GoalOf(1381, false, 5)).choice.missed);
}

TEST_CASE("a model of one level has one step") {
  const auto curve = [](int) { return 500.0; };
  for (const bool from_below : {true, false}) {
    for (const double target : {499.0, 500.0, 501.0}) {
      const Outcome outcome = Search(curve, GoalOf(target, from_below), 0);
      REQUIRE(outcome.choice.step == 0);
      REQUIRE(outcome.choice.missed == (target != 500));
    }
  }
}

TEST_CASE("plateaus end on the right side of the target") {
  const auto stairs = [](int step) { return 1000.0 * (1 + step / 300); };
  for (const double target : {1000.0, 1500.0, 2000.0, 4999.0, 5000.0, 9000.0}) {
    RequireBest(stairs, GoalOf(target, true), kHighest);
    RequireBest(stairs, GoalOf(target, false), kHighest);
  }
  const auto flat = [](int) { return 7.0; };
  REQUIRE(Search(flat, GoalOf(7, true)).choice.missed == false);
  REQUIRE(Search(flat, GoalOf(8, true)).choice.step == kHighest);
  REQUIRE(Search(flat, GoalOf(6, true)).choice.step == 0);
  REQUIRE(Search(flat, GoalOf(7, false)).choice.step == 0);
}

TEST_CASE("a curve that falls in places still ends on the right side of the target") {
  std::mt19937 random(9);
  for (int trial = 0; trial < 300; ++trial) {
    const double noise = trial % 3 ? 30 : 3000;
    std::vector<double> values(kHighest + 1);
    for (int step = 0; step <= kHighest; ++step) {
      values[static_cast<size_t>(step)] = 1000 + step + noise * static_cast<double>(random() % 1000) / 1000;
    }
    const auto curve = [&](int step) { return values[static_cast<size_t>(step)]; };
    const double target = 1000 + static_cast<double>(random() % 2500);
    const Outcome below = Search(curve, GoalOf(target, true));
    if (!below.choice.missed) REQUIRE(below.value <= target);
    if (below.value > target) REQUIRE(below.choice.step == 0);
    const Outcome above = Search(curve, GoalOf(target, false));
    if (!above.choice.missed) REQUIRE(above.value >= target);
    if (above.value < target) REQUIRE(above.choice.step == kHighest);
  }
}

TEST_CASE("infinite and zero values do not confuse the search") {
  const auto lossless_at_end = [](int step) { return step > 1000 ? kInfinity : 20 + step * 0.02; };
  const Outcome outcome = Search(lossless_at_end, GoalOf(39, false));
  REQUIRE(outcome.value == Approx(39).margin(0.021));
  REQUIRE(Search(lossless_at_end, GoalOf(60, false)).choice.step == 1001);
  const auto always = [](int) { return kInfinity; };
  REQUIRE(Search(always, GoalOf(50, false)).choice.step == 0);
  const auto from_zero = [](int step) { return step < 10 ? 0.0 : step * 5.0; };
  RequireBest(from_zero, GoalOf(60, true), kHighest);
}

TEST_CASE("the failure of an evaluation is the search's") {
  for (int fail_at = 1; fail_at <= 4; ++fail_at) {
    int calls = 0;
    const auto evaluate = [&](int step, double* value) -> Status {
      *value = 1.5 * step;
      return ++calls == fail_at ? Status::Error(NIC_CANCELLED, 0, "stop") : Status();
    };
    RateChoice choice;
    REQUIRE(SearchRate(kHighest, GoalOf(777, true), evaluate, &choice).code() == NIC_CANCELLED);
    REQUIRE(calls == fail_at);
  }
}
