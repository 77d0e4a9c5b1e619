#include "objective.h"

#include <cmath>

#include "check.h"
#include "samples.h"

namespace nic::testing {
namespace {

TEST_CASE("objective: similarity is one for equal pictures and falls with noise and blur") {
  Numbers numbers;
  const torch::Tensor picture = torch::upsample_bilinear2d(numbers.Fill({2, 3, 24, 24}, 1), {192, 192}, false);
  CHECK(MultiScaleSimilarity(picture, picture).min().item<double>() == Approx(1).margin(1e-5));
  double before = 1;
  for (double strength : {0.02, 0.1, 0.4}) {
    const torch::Tensor noisy = picture + numbers.Fill({2, 3, 192, 192}, strength);
    const double similarity = MultiScaleSimilarity(picture, noisy).mean().item<double>();
    CHECK(similarity < before);
    CHECK(similarity > 0);
    before = similarity;
  }
  // Fewer scales where the pictures are small.
  const torch::Tensor small = picture.narrow(2, 0, 24).narrow(3, 0, 24);
  CHECK(MultiScaleSimilarity(small, small)[0].item<double>() == Approx(1).margin(1e-5));
}

TEST_CASE("objective: a mix weighs squared error and similarity, and both have gradients") {
  Numbers numbers;
  const torch::Tensor original = numbers.Fill({2, 3, 64, 64}, 1);
  torch::Tensor decoded = (original + numbers.Fill({2, 3, 64, 64}, 0.2)).detach().requires_grad_(true);
  const torch::Tensor bits = torch::full({2}, 100.0);
  const torch::Tensor lambda = torch::full({2}, 0.01);
  const auto judge = [&](double share) { return Judge({decoded, bits}, original, lambda, {share}).total; };
  const double squared = judge(0).item<double>();
  const double similar = judge(1).item<double>();
  CHECK(judge(0.25).item<double>() == Approx(0.75 * squared + 0.25 * similar).epsilon(1e-5));
  const double mse = (decoded - original).square().mean().item<double>();
  const double unlike = 1 - MultiScaleSimilarity(decoded, original).mean().item<double>();
  const double bpp = 100.0 / (64 * 64);
  CHECK(squared == Approx((0.01 * 65025 * mse + bpp) / 0.4).epsilon(1e-5));
  CHECK(similar == Approx((0.01 * 65025 * kSimilarityWeight * unlike + bpp) / 0.4).epsilon(1e-5));
  judge(1).backward();
  CHECK(torch::isfinite(decoded.grad()).all().item<bool>());
  CHECK(decoded.grad().abs().max().item<double>() > 0);
}

TEST_CASE("objective: a limit weighs down what is above it, and only that") {
  Numbers numbers;
  const torch::Tensor original = numbers.Fill({2, 3, 16, 16}, 1);
  torch::Tensor noise = numbers.Fill({2, 3, 16, 16}, 1);
  noise[0].mul_(1e-3);
  torch::Tensor decoded = (original + noise).detach().requires_grad_(true);
  const torch::Tensor bits = torch::full({2}, 10.0);
  const torch::Tensor lambda = torch::full({2}, 0.01);
  const auto gradient = [&](double limit, double* total) {
    decoded.mutable_grad() = torch::Tensor();
    const Loss loss = Judge({decoded, bits}, original, lambda, {0, limit});
    loss.total.backward();
    *total = loss.total.item<double>();
    return decoded.grad().clone();
  };
  double whole = 0, limited = 0;
  const torch::Tensor before = gradient(0, &whole);
  const torch::Tensor after = gradient(2, &limited);
  const double small =
      Judge({decoded[0].unsqueeze(0), bits[0].unsqueeze(0)}, original[0].unsqueeze(0), lambda[0].unsqueeze(0))
          .total.item<double>();
  REQUIRE(small < 2);
  CHECK(limited == Approx((small + 2) / 2).epsilon(1e-5));
  CHECK(torch::allclose(after[0], before[0]));
  CHECK(torch::allclose(after[1], before[1] * (2 / (2 * whole - small))));
}

}  // namespace
}  // namespace nic::testing
