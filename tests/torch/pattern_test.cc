#include "pattern.h"

#include <set>
#include <vector>

#include "check.h"

namespace nic::testing {
namespace {

TEST_CASE("pattern: whole levels of the size asked for, the same for the same seed") {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const int64_t height = 1 + static_cast<int64_t>(seed % 40), width = 1 + static_cast<int64_t>(seed % 23);
    Random random(seed, 0), same(seed, 0);
    const torch::Tensor pattern = DrawPattern(height, width, random);
    CHECK(pattern.sizes() == torch::IntArrayRef({3, height, width}));
    CHECK(pattern.min().item<double>() >= 0);
    CHECK(pattern.max().item<double>() <= 255);
    CHECK(torch::equal(pattern, pattern.round()));
    CHECK(torch::equal(pattern, DrawPattern(height, width, same)));
  }
}

TEST_CASE("pattern: many kinds, fine and coarse, most of full contrast") {
  Random random(7, 0);
  int fine = 0, coarse = 0, extreme = 0;
  constexpr int kCount = 200;
  for (int i = 0; i < kCount; ++i) {
    const torch::Tensor pattern = DrawPattern(64, 64, random);
    const double change =
        pattern.diff(1, 2).abs().mean().item<double>() + pattern.diff(1, 1).abs().mean().item<double>();
    fine += change > 60;
    coarse += change < 5;
    extreme += (pattern.max() - pattern.min()).item<double>() == 255;
  }
  CHECK(fine > kCount / 10);
  CHECK(coarse > kCount / 20);
  CHECK(extreme > kCount / 3);
}

}  // namespace
}  // namespace nic::testing
