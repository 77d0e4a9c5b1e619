#include "nicbench/speed_chart.h"

#include <catch2/catch.hpp>

#include "well_formed.h"

namespace nic::bench {
namespace {

TEST_CASE("a chart of speeds is well-formed") {
  const std::string text = DrawSpeeds("Speed", {{"nic", 1, 5, 8}, {"nic", 2, 9, 15}, {"web<p>", 1, 1.5, 0}});
  CHECK(testing::IsWellFormed(text));
  CHECK(text.find("web&lt;p&gt;") != std::string::npos);
  CHECK(text.find("inf") == std::string::npos);
}

}  // namespace
}  // namespace nic::bench
