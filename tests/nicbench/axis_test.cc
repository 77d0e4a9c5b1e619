#include "nicbench/axis.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace nic::bench;

TEST_CASE("values are mapped to pixels") {
  const Axis even(10, 20, 100, 0);
  CHECK(even.At(10) == 100);
  CHECK(even.At(15) == 50);
  const Axis factors(1, 100, 0, 200, true);
  CHECK(factors.At(10) == Approx(100));
  CHECK(factors.At(100) == Approx(200));
}

TEST_CASE("ticks are round and lie within the axis") {
  CHECK(Axis(0, 2, 0, 1).Ticks(10).size() == 11);
  const std::vector<double> tens = Axis(23.4, 41, 0, 1).Ticks(4);
  REQUIRE(tens.size() == 4);
  CHECK(tens[0] == Approx(25));
  CHECK(tens[3] == Approx(40));
  const std::vector<double> factors = Axis(0.3, 30, 0, 1, true).Ticks(0);
  REQUIRE(factors.size() == 6);
  CHECK(factors[0] == Approx(0.5));
  CHECK(factors[5] == Approx(20));
}

TEST_CASE("ticks are written plainly") {
  CHECK(TickText(Axis(0, 2, 0, 1).Ticks(10)[0]) == "0");
  CHECK(TickText(Axis(0, 2, 0, 1).Ticks(10)[3]) == "0.6");
  CHECK(TickText(40) == "40");
}

TEST_CASE("labels are spread out, in their order and within the room") {
  const std::vector<double> placed = SpreadOut({50, 10, 51, 99, 52}, 10, 0, 100);
  const std::vector<size_t> order = {1, 0, 2, 4, 3};
  for (size_t i = 1; i < order.size(); ++i) CHECK(placed[order[i]] - placed[order[i - 1]] >= 10 - 1e-9);
  CHECK(placed[1] == 10);
  CHECK(placed[0] == 50);
  CHECK(placed[3] == 99);
  const std::vector<double> low = SpreadOut({99, 98, 97}, 10, 0, 100);
  CHECK(low[0] <= 100);
  CHECK(low[0] - low[1] >= 10 - 1e-9);
  CHECK(low[1] - low[2] >= 10 - 1e-9);
}
