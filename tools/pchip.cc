#include "tools/pchip.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace nic::tools {
namespace {

// The one-sided three-point slope at an end, limited so that the curve stays monotone. The end's own piece has width
// h0 and rise m0, its neighbour h1 and m1.
double EndSlope(double h0, double h1, double m0, double m1) {
  const double slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1);
  if (slope * m0 <= 0) return 0;
  if (m0 * m1 <= 0 && std::abs(slope) > 3 * std::abs(m0)) return 3 * m0;
  return slope;
}

// The weighted harmonic mean of the rises on both sides; 0 at an extremum.
double InnerSlope(double h0, double h1, double m0, double m1) {
  if (m0 * m1 <= 0) return 0;
  const double w0 = 2 * h1 + h0;
  const double w1 = h1 + 2 * h0;
  return (w0 + w1) / (w0 / m0 + w1 / m1);
}

// A cubic c0 + c1 t + c2 t^2 + c3 t^3, t counted from the piece's beginning.
struct Cubic {
  double c0, c1, c2, c3;
};

Cubic MakeCubic(double width, double y0, double y1, double s0, double s1) {
  const double rise = (y1 - y0) / width;
  return {y0, s0, (3 * rise - 2 * s0 - s1) / width, (s0 + s1 - 2 * rise) / (width * width)};
}

}  // namespace

Pchip::Pchip(std::vector<double> x, std::vector<double> y) : x_(std::move(x)), y_(std::move(y)), slope_(x_.size()) {
  const size_t pieces = x_.size() - 1;
  std::vector<double> width(pieces), rise(pieces);
  for (size_t i = 0; i < pieces; ++i) {
    width[i] = x_[i + 1] - x_[i];
    rise[i] = (y_[i + 1] - y_[i]) / width[i];
  }
  if (pieces == 1) {
    slope_[0] = slope_[1] = rise[0];
    return;
  }
  for (size_t i = 1; i < pieces; ++i) slope_[i] = InnerSlope(width[i - 1], width[i], rise[i - 1], rise[i]);
  slope_.front() = EndSlope(width[0], width[1], rise[0], rise[1]);
  slope_.back() = EndSlope(width[pieces - 1], width[pieces - 2], rise[pieces - 1], rise[pieces - 2]);
}

size_t Pchip::FindPiece(double x) const {
  const auto after = std::upper_bound(x_.begin(), x_.end(), x);
  const auto index = static_cast<size_t>(after - x_.begin());
  return std::clamp<size_t>(index, 1, x_.size() - 1) - 1;
}

double Pchip::At(double x) const {
  const size_t i = FindPiece(x);
  const Cubic c = MakeCubic(x_[i + 1] - x_[i], y_[i], y_[i + 1], slope_[i], slope_[i + 1]);
  const double t = x - x_[i];
  return c.c0 + t * (c.c1 + t * (c.c2 + t * c.c3));
}

double Pchip::IntegratePiece(size_t i, double t) const {
  const Cubic c = MakeCubic(x_[i + 1] - x_[i], y_[i], y_[i + 1], slope_[i], slope_[i + 1]);
  return t * (c.c0 + t * (c.c1 / 2 + t * (c.c2 / 3 + t * c.c3 / 4)));
}

double Pchip::Integrate(double from, double to) const {
  const size_t first = FindPiece(from);
  const size_t last = FindPiece(to);
  double sum = IntegratePiece(last, to - x_[last]) - IntegratePiece(first, from - x_[first]);
  for (size_t i = first; i < last; ++i) sum += IntegratePiece(i, x_[i + 1] - x_[i]);
  return sum;
}

}  // namespace nic::tools
