#include "tools/pchip.h"

#include <catch2/catch.hpp>

namespace nic::tools {
namespace {

TEST_CASE("PCHIP goes through its points and is exact on a line") {
  const Pchip line({0, 1, 3, 7}, {1, 3, 7, 15});
  CHECK(line.At(2.5) == Approx(6));
  CHECK(line.Integrate(0, 7) == Approx(56));
  CHECK(line.Integrate(2, 5) == Approx(3 * 8));
}

TEST_CASE("PCHIP of two points is their line") {
  const Pchip line({2, 4}, {10, 20});
  CHECK(line.At(3) == Approx(15));
  CHECK(line.Integrate(2, 3) == Approx(12.5));
}

TEST_CASE("PCHIP with the slopes worked out by hand") {
  // Rises 1 and 3 at equal distances: 2 * 1 * 3 / (1 + 3) = 1.5 inside, (3 * 1 - 3) / 2 = 0 and (3 * 3 - 1) / 2 = 4 at
  // the ends.
  const Pchip curve({0, 1, 2}, {0, 1, 4});
  CHECK(curve.At(0.5) == Approx(0.5 + (0 - 1.5) / 8));
  CHECK(curve.At(1.5) == Approx(2.5 + (1.5 - 4) / 8));
  CHECK(curve.Integrate(0, 2) == Approx(0.5 + (0 - 1.5) / 12 + 2.5 + (1.5 - 4) / 12));
}

TEST_CASE("PCHIP does not overshoot") {
  const Pchip step({0, 1, 2, 3}, {0, 0, 1, 1});
  for (int i = 0; i <= 300; ++i) {
    const double y = step.At(i / 100.0);
    CHECK(y >= 0);
    CHECK(y <= 1);
  }
  CHECK(step.At(0.5) == 0);
  CHECK(step.At(1.5) == Approx(0.5));
}

TEST_CASE("PCHIP: parts of an integral add up") {
  const Pchip curve({0, 1, 2.5, 4}, {3, 1, 2, 0});
  CHECK(curve.Integrate(0.25, 1.5) + curve.Integrate(1.5, 3.75) == Approx(curve.Integrate(0.25, 3.75)));
  CHECK(curve.Integrate(1.5, 1.5) == Approx(0).margin(1e-12));
}

}  // namespace
}  // namespace nic::tools
