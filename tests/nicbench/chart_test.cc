#include "nicbench/chart.h"

#include <catch2/catch.hpp>

#include "well_formed.h"

namespace nic::bench {
namespace {

tools::Curve MakeCurve(const std::string& name, double shift) {
  tools::Curve curve = {name, "", {}};
  for (int i = 1; i <= 5; ++i) curve.points.push_back({"", 0.2 * i, 28.0 + 2 * i + shift, 0.9 + 0.01 * i, 0, 0});
  return curve;
}

TEST_CASE("a chart of curves is well-formed and names every curve") {
  CurveChart chart;
  chart.title = "PSNR < & >";
  chart.curves = {{MakeCurve("one & only", 0), true}, {MakeCurve("two", 1), false}};
  chart.highlight = "two";
  for (const tools::Metric metric : {tools::Metric::kPsnr, tools::Metric::kMsSsim}) {
    chart.metric = metric;
    const std::string text = DrawCurves(chart);
    CHECK(testing::IsWellFormed(text));
    CHECK(text.find("one &amp; only") != std::string::npos);
    CHECK(text.find(">two<") != std::string::npos);
    CHECK(text.find("nan") == std::string::npos);
  }
}

TEST_CASE("a chart of nothing is empty") {
  CHECK(DrawCurves({}).empty());
  CurveChart beyond;
  beyond.max_bpp = 0.1;
  beyond.curves = {{MakeCurve("one", 0), true}};
  CHECK(DrawCurves(beyond).empty());
}

}  // namespace
}  // namespace nic::bench
