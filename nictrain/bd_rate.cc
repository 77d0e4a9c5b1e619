#include "bd_rate.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "files.h"

namespace nic {
namespace {

// A monotone piecewise cubic through (x, y), x strictly increasing, at least two points.
class Cubic {
 public:
  Cubic(std::vector<double> x, std::vector<double> y) : x_(std::move(x)), y_(std::move(y)) {
    const size_t n = x_.size();
    std::vector<double> step(n - 1), slope(n - 1);
    for (size_t i = 0; i + 1 < n; ++i) {
      step[i] = x_[i + 1] - x_[i];
      slope[i] = (y_[i + 1] - y_[i]) / step[i];
    }
    derivative_.assign(n, slope[0]);
    if (n == 2) return;
    for (size_t i = 1; i + 1 < n; ++i) derivative_[i] = Inner(step[i - 1], step[i], slope[i - 1], slope[i]);
    derivative_[0] = End(step[0], step[1], slope[0], slope[1]);
    derivative_[n - 1] = End(step[n - 2], step[n - 3], slope[n - 2], slope[n - 3]);
  }

  // The integral from low to high, both within the points' range.
  double Integrate(double low, double high) const {
    double sum = 0;
    for (size_t i = 0; i + 1 < x_.size(); ++i) {
      const double a = std::max(low, x_[i]);
      const double b = std::min(high, x_[i + 1]);
      // Simpson's rule is exact for a cubic.
      if (a < b) sum += (b - a) / 6 * (At(i, a) + 4 * At(i, (a + b) / 2) + At(i, b));
    }
    return sum;
  }

 private:
  static double Inner(double h0, double h1, double s0, double s1) {
    if (s0 * s1 <= 0) return 0;
    const double w0 = 2 * h1 + h0;
    const double w1 = h1 + 2 * h0;
    return (w0 + w1) / (w0 / s0 + w1 / s1);
  }
  static double End(double h0, double h1, double s0, double s1) {
    const double d = ((2 * h0 + h1) * s0 - h0 * s1) / (h0 + h1);
    if (d * s0 <= 0) return 0;
    if (s0 * s1 <= 0 && std::abs(d) > 3 * std::abs(s0)) return 3 * s0;
    return d;
  }
  double At(size_t i, double x) const {
    const double h = x_[i + 1] - x_[i];
    const double t = (x - x_[i]) / h;
    const double u = 1 - t;
    return u * u * (1 + 2 * t) * y_[i] + t * t * (3 - 2 * t) * y_[i + 1] +
           h * t * u * (u * derivative_[i] - t * derivative_[i + 1]);
  }

  std::vector<double> x_, y_, derivative_;
};

bool Prepare(std::vector<RatePoint>* curve, std::vector<double>* x, std::vector<double>* y) {
  std::sort(curve->begin(), curve->end(), [](const RatePoint& a, const RatePoint& b) { return a.psnr < b.psnr; });
  for (const RatePoint& point : *curve) {
    if (!(point.bpp > 0) || (!x->empty() && !(point.psnr > x->back()))) return false;
    x->push_back(point.psnr);
    y->push_back(std::log(point.bpp));
  }
  return x->size() >= 2;
}

}  // namespace

std::optional<double> BdRate(std::vector<RatePoint> anchor, std::vector<RatePoint> curve) {
  std::vector<double> x0, y0, x1, y1;
  if (!Prepare(&anchor, &x0, &y0) || !Prepare(&curve, &x1, &y1)) return std::nullopt;
  const double low = std::max(x0.front(), x1.front());
  const double high = std::min(x0.back(), x1.back());
  if (!(low < high)) return std::nullopt;
  const double difference = Cubic(x1, y1).Integrate(low, high) - Cubic(x0, y0).Integrate(low, high);
  return (std::exp(difference / (high - low)) - 1) * 100;
}

Status ReadCurve(const std::string& path, const std::string& name, std::vector<RatePoint>* curve) {
  std::vector<uint8_t> text;
  NIC_RETURN_IF_ERROR(ReadFile(path, &text));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto malformed = [&](const char* what) {
    return Status::Error(NIC_MALFORMED, Status::kNoOffset, "%s: curve %s: %s", path.c_str(), name.c_str(), what);
  };
  if (!json.is_object() || !json.contains("curves") || !json["curves"].contains(name)) return malformed("is not there");
  const auto& found = json["curves"][name];
  if (!found.contains("bpp") || !found.contains("psnr_rgb")) return malformed("no bpp or psnr_rgb");
  const auto& bpp = found["bpp"];
  const auto& psnr = found["psnr_rgb"];
  if (!bpp.is_array() || !psnr.is_array() || bpp.size() != psnr.size()) return malformed("not two equal lists");
  std::vector<RatePoint> points;
  for (size_t i = 0; i < bpp.size(); ++i) {
    if (!bpp[i].is_number() || !psnr[i].is_number()) return malformed("not a number");
    points.push_back({bpp[i].get<double>(), psnr[i].get<double>()});
  }
  *curve = std::move(points);
  return {};
}

}  // namespace nic
