// An axis of a chart: from values to pixels, with its ticks.
#pragma once

#include <string>
#include <vector>

namespace nic::bench {

class Axis {
 public:
  // Maps `low` to `from` and `high` to `to`, evenly, or by logarithms (then `low` > 0). `low` < `high`.
  Axis(double low, double high, double from, double to, bool logarithmic = false);

  double At(double value) const;
  bool Holds(double value) const { return value >= low_ && value <= high_; }
  double low() const { return low_; }
  double high() const { return high_; }
  // Round values within the axis, about `count` of them; 1, 2 and 5 of every power of ten on a logarithmic one.
  std::vector<double> Ticks(int count) const;

 private:
  double low_;
  double high_;
  double from_;
  double to_;
  bool logarithmic_;
};

// A tick's value without needless zeros.
std::string TickText(double value);

// Positions near the wanted ones, in the same order of size, at least `distance` apart and within [low, high] as far as
// there is room.
std::vector<double> SpreadOut(const std::vector<double>& wanted, double distance, double low, double high);

}  // namespace nic::bench
