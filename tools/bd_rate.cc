#include "tools/bd_rate.h"

#include <algorithm>
#include <cmath>

#include "tools/pchip.h"

namespace nic::tools {
namespace {

std::vector<RateQuality> Tidy(const std::vector<RateQuality>& points) {
  std::vector<RateQuality> tidy;
  for (const RateQuality& point : points) {
    if (std::isfinite(point.quality) && std::isfinite(point.rate) && point.rate > 0) tidy.push_back(point);
  }
  std::sort(tidy.begin(), tidy.end(), [](const RateQuality& a, const RateQuality& b) {
    return a.quality != b.quality ? a.quality < b.quality : a.rate < b.rate;
  });
  const auto same = [](const RateQuality& a, const RateQuality& b) { return a.quality == b.quality; };
  tidy.erase(std::unique(tidy.begin(), tidy.end(), same), tidy.end());
  return tidy;
}

Pchip MakeCurve(const std::vector<RateQuality>& points) {
  std::vector<double> quality, log_rate;
  for (const RateQuality& point : points) {
    quality.push_back(point.quality);
    log_rate.push_back(std::log(point.rate));
  }
  return Pchip(quality, log_rate);
}

}  // namespace

std::optional<double> BdRate(const std::vector<RateQuality>& reference, const std::vector<RateQuality>& tested) {
  const std::vector<RateQuality> a = Tidy(reference);
  const std::vector<RateQuality> b = Tidy(tested);
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const double low = std::max(a.front().quality, b.front().quality);
  const double high = std::min(a.back().quality, b.back().quality);
  if (!(low < high)) return std::nullopt;
  const double difference = MakeCurve(b).Integrate(low, high) - MakeCurve(a).Integrate(low, high);
  return 100 * (std::exp(difference / (high - low)) - 1);
}

}  // namespace nic::tools
