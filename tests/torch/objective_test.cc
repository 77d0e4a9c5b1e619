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

TEST_CASE("objective: edges count the error's steps from one latent to the next, and no others") {
  Numbers numbers;
  const torch::Tensor original = numbers.Fill({2, 3, 48, 32}, 1);
  const torch::Tensor bits = torch::full({2}, 10.0);
  const torch::Tensor lambda = torch::full({2}, 0.01);
  const auto extra = [&](const torch::Tensor& error) {
    const auto judge = [&](double edges) {
      return Judge({original + error, bits}, original, lambda, {0, 0, edges}).total.item<double>();
    };
    return (judge(0.5) - judge(0)) * 0.4 / (0.01 * 65025 * 0.5);
  };
  torch::Tensor flat = torch::full({2, 3, 48, 32}, 0.1);
  CHECK(extra(flat) == Approx(0).margin(1e-6));
  // A step of 0.3 at one of two borders between rows.
  torch::Tensor step = flat.clone();
  step.narrow(2, 16, 32).add_(0.3);
  CHECK(extra(step) == Approx(0.09 / 2 / 2).epsilon(1e-3));
  // The same within a latent.
  torch::Tensor inside = flat.clone();
  inside.narrow(2, 17, 31).add_(0.3);
  CHECK(extra(inside) == Approx(0).margin(1e-6));
  // Of columns there is one border.
  torch::Tensor column = flat.clone();
  column.narrow(3, 16, 16).sub_(0.3);
  CHECK(extra(column) == Approx(0.09 / 2).epsilon(1e-3));
  // One latent alone has none.
  const torch::Tensor small = torch::zeros({1, 3, 16, 16});
  const Loss loss =
      Judge({small + 0.1, torch::zeros({1})}, small, torch::full({1}, 0.01), LossOptions{0, 0, 1});
  CHECK(loss.total.item<double>() == Approx(0.01 * 65025 * 0.01 / 0.4).epsilon(1e-4));
}

}  // namespace
}  // namespace nic::testing
