#include "nicbench/axis.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <numeric>

namespace nic::bench {
namespace {

// The round step nearest above a wanted one: 1, 2 or 5 of a power of ten.
double RoundStep(double wanted) {
  const double power = std::pow(10, std::floor(std::log10(wanted)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= wanted * 0.999) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(double low, double high, double from, double to, bool logarithmic)
    : low_(low), high_(high), from_(from), to_(to), logarithmic_(logarithmic) {}

double Axis::At(double value) const {
  const double fraction =
      logarithmic_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return from_ + (to_ - from_) * fraction;
}

std::vector<double> Axis::Ticks(int count) const {
  std::vector<double> ticks;
  if (logarithmic_) {
    for (double power = std::pow(10, std::floor(std::log10(low_))); power <= high_; power *= 10) {
      for (const double factor : {1.0, 2.0, 5.0}) ticks.push_back(factor * power);
    }
  } else {
    const double step = RoundStep((high_ - low_) / count);
    const double first = std::ceil(low_ / step - 1e-9);
    // Adding 0 turns the zero that has a sign into the one that has none.
    for (double i = first; i * step <= high_ + step * 1e-9; ++i) ticks.push_back(i * step + 0.0);
  }
  const double slack = (high_ - low_) * 1e-9;
  std::erase_if(ticks, [&](double tick) { return tick < low_ - slack || tick > high_ + slack; });
  return ticks;
}

std::string TickText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::vector<double> SpreadOut(const std::vector<double>& wanted, double distance, double low, double high) {
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return wanted[a] < wanted[b]; });
  std::vector<double> placed(wanted.size());
  double next = low;
  for (const size_t i : order) {
    placed[i] = std::max(wanted[i], next);
    next = placed[i] + distance;
  }
  double last = high;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    placed[*i] = std::min(placed[*i], last);
    last = placed[*i] - distance;
  }
  return placed;
}

}  // namespace nic::bench
