#include "tools/summary.h"

#include <catch2/catch.hpp>
#include <limits>

using nic::tools::Summary;

TEST_CASE("a summary is one line of JSON in the order of its keys") {
  Summary summary;
  CHECK(summary.Line() == "{}\n");
  summary.Set("name", "a \"b\"\n\xff");
  summary.Set("bytes", uint64_t{1} << 60);
  summary.Set("psnr", std::numeric_limits<double>::quiet_NaN());
  summary.Set("bpp", 0.5);
  summary.Set("missed", false);
  summary.Set("bytes", uint64_t{7});
  CHECK(summary.Line() ==
        "{\"name\":\"a \\\"b\\\"\\n\xef\xbf\xbd\",\"bytes\":7,\"psnr\":null,\"bpp\":0.5,\"missed\":false}\n");
}
