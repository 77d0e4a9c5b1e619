// Piecewise cubic Hermite interpolation that keeps the data's monotony (Fritsch and Butland 1984).
#pragma once

#include <cstddef>
#include <vector>

namespace nic::tools {

class Pchip {
 public:
  // Through the points (x[i], y[i]): at least two, as many y as x, x rising strictly.
  Pchip(std::vector<double> x, std::vector<double> y);

  // The curve's height at `x`; outside the points the first or last cubic goes on.
  double At(double x) const;
  // The exact integral from `from` to `to`, both within the points, `from` <= `to`.
  double Integrate(double from, double to) const;

 private:
  size_t FindPiece(double x) const;
  // The integral from x_[piece] to x_[piece] + offset.
  double IntegratePiece(size_t piece, double offset) const;

  std::vector<double> x_;
  std::vector<double> y_;
  std::vector<double> slope_;
};

}  // namespace nic::tools
