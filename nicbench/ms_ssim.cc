#include "nicbench/ms_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace nic::bench {
namespace {

constexpr size_t kTaps = 11;
constexpr double kSigma = 1.5;
constexpr std::array<double, 5> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr double kLuminanceConstant = 0.01 * 255 * 0.01 * 255;
constexpr double kContrastConstant = 0.03 * 255 * 0.03 * 255;
// Samples are kept around zero, because single precision loses the variance of bright flat areas otherwise.
constexpr float kCentre = 127.5f;

using Window = std::array<float, kTaps>;

struct Plane {
  Plane(size_t w, size_t h) : width(w), height(h), samples(w * h) {}
  float* row(size_t y) { return samples.data() + y * width; }
  const float* row(size_t y) const { return samples.data() + y * width; }

  size_t width;
  size_t height;
  std::vector<float> samples;
};

Window MakeWindow() {
  std::array<double, kTaps> values;
  double sum = 0;
  for (size_t i = 0; i < kTaps; ++i) {
    const double distance = static_cast<double>(i) - kTaps / 2;
    values[i] = std::exp(-distance * distance / (2 * kSigma * kSigma));
    sum += values[i];
  }
  Window window;
  for (size_t i = 0; i < kTaps; ++i) window[i] = static_cast<float>(values[i] / sum);
  return window;
}

Plane ExtractChannel(const tools::Picture& picture, size_t channel) {
  Plane plane(picture.width, picture.height);
  for (size_t y = 0; y < plane.height; ++y) {
    const uint8_t* from = picture.pixels.data() + y * picture.stride() + channel;
    float* to = plane.row(y);
    for (size_t x = 0; x < plane.width; ++x) to[x] = static_cast<float>(from[x * picture.format]) - kCentre;
  }
  return plane;
}

Plane FilterRows(const Plane& in, const Window& window) {
  Plane out(in.width - kTaps + 1, in.height);
  for (size_t y = 0; y < out.height; ++y) {
    const float* from = in.row(y);
    float* to = out.row(y);
    for (size_t x = 0; x < out.width; ++x) {
      float sum = 0;
      for (size_t k = 0; k < kTaps; ++k) sum += window[k] * from[x + k];
      to[x] = sum;
    }
  }
  return out;
}

Plane FilterColumns(const Plane& in, const Window& window) {
  Plane out(in.width, in.height - kTaps + 1);
  for (size_t y = 0; y < out.height; ++y) {
    float* to = out.row(y);
    for (size_t k = 0; k < kTaps; ++k) {
      const float* from = in.row(y + k);
      for (size_t x = 0; x < out.width; ++x) to[x] += window[k] * from[x];
    }
  }
  return out;
}

Plane Filter(const Plane& in, const Window& window) { return FilterColumns(FilterRows(in, window), window); }

// The mean over the window's positions of the contrast and structure term, and of the whole similarity.
struct Similarity {
  double contrast;
  double whole;
};

Similarity Compare(const Plane& a, const Plane& b, const Window& window) {
  Plane energy(a.width, a.height);
  Plane product(a.width, a.height);
  for (size_t i = 0; i < a.samples.size(); ++i) {
    const float va = a.samples[i];
    const float vb = b.samples[i];
    energy.samples[i] = va * va + vb * vb;
    product.samples[i] = va * vb;
  }
  const Plane mean_a = Filter(a, window);
  const Plane mean_b = Filter(b, window);
  energy = Filter(energy, window);
  product = Filter(product, window);

  Similarity sum = {0, 0};
  for (size_t i = 0; i < mean_a.samples.size(); ++i) {
    const double ma = mean_a.samples[i];
    const double mb = mean_b.samples[i];
    const double variances = energy.samples[i] - ma * ma - mb * mb;
    const double covariance = product.samples[i] - ma * mb;
    const double contrast = (2 * covariance + kContrastConstant) / (variances + kContrastConstant);
    const double bright_a = ma + kCentre;
    const double bright_b = mb + kCentre;
    const double luminance = (2 * bright_a * bright_b + kLuminanceConstant) /
                             (bright_a * bright_a + bright_b * bright_b + kLuminanceConstant);
    sum.contrast += contrast;
    sum.whole += contrast * luminance;
  }
  const auto count = static_cast<double>(mean_a.samples.size());
  return {sum.contrast / count, sum.whole / count};
}

// Means of 2 x 2 samples. An odd side gets a line of black before the first, as pytorch-msssim has it.
Plane Halve(const Plane& in) {
  const size_t odd_x = in.width % 2;
  const size_t odd_y = in.height % 2;
  Plane out((in.width + odd_x) / 2, (in.height + odd_y) / 2);
  const auto sample = [&](size_t x, size_t y) {
    return x < odd_x || y < odd_y ? -kCentre : in.row(y - odd_y)[x - odd_x];
  };
  for (size_t y = 0; y < out.height; ++y) {
    for (size_t x = 0; x < out.width; ++x) {
      const float upper = sample(2 * x, 2 * y) + sample(2 * x + 1, 2 * y);
      const float lower = sample(2 * x, 2 * y + 1) + sample(2 * x + 1, 2 * y + 1);
      out.row(y)[x] = (upper + lower) / 4;
    }
  }
  return out;
}

double CompareScales(Plane a, Plane b, const Window& window) {
  double result = 1;
  for (size_t scale = 0; scale < kWeights.size(); ++scale) {
    if (scale > 0) {
      a = Halve(a);
      b = Halve(b);
    }
    const Similarity similarity = Compare(a, b, window);
    const double term = scale + 1 == kWeights.size() ? similarity.whole : similarity.contrast;
    result *= std::pow(std::max(term, 0.0), kWeights[scale]);
  }
  return result;
}

}  // namespace

std::optional<double> MsSsim(const tools::Picture& a, const tools::Picture& b) {
  if (std::min(a.width, a.height) < kMsSsimSide) return std::nullopt;
  const Window window = MakeWindow();
  const auto channels = static_cast<size_t>(a.format);
  double sum = 0;
  for (size_t c = 0; c < channels; ++c) sum += CompareScales(ExtractChannel(a, c), ExtractChannel(b, c), window);
  return sum / static_cast<double>(channels);
}

}  // namespace nic::bench
