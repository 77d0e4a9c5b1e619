#include "nicbench/svg.h"

#include <catch2/catch.hpp>

#include "well_formed.h"

namespace nic::bench {
namespace {

using testing::IsWellFormed;

TEST_CASE("the check of well-formed XML finds what is not") {
  CHECK(IsWellFormed("<a b=\"c\"><d/>e &amp; f</a>\n"));
  for (const char* text :
       {"<a>", "<a></b>", "<a/><b/>", "<a b=c/>", "<a>&</a>", "<a>x > y</a>", "<a b=\"c/>", "", "<a/>x"}) {
    INFO(text);
    CHECK(!IsWellFormed(text));
  }
}

TEST_CASE("an SVG drawing is well-formed and holds what was drawn") {
  Svg svg(200, 100.5);
  svg.Line({0, 0}, {10, -0.01}, {"#123456", 2, "4 3"});
  svg.Polyline({{1, 2}, {3.25, 4}}, {});
  svg.Disc({5, 6}, 7, "red");
  svg.Text({8, 9}, "a < b & \"c\" > d", {12, "#000", Anchor::kEnd, true, -90});
  const std::string text = svg.Finish();
  INFO(text);
  CHECK(IsWellFormed(text));
  CHECK(text.find("viewBox=\"0 0 200 100.5\"") != std::string::npos);
  CHECK(text.find("y2=\"0\"") != std::string::npos);  // no "-0"
  CHECK(text.find("stroke-dasharray=\"4 3\"") != std::string::npos);
  CHECK(text.find("a &lt; b &amp; &quot;c&quot; &gt; d</text>") != std::string::npos);
  CHECK(text.find("rotate(-90 8 9)") != std::string::npos);
}

}  // namespace
}  // namespace nic::bench
