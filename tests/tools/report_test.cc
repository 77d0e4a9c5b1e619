#include "tools/report.h"

#include <catch2/catch.hpp>

using namespace nic::tools;

TEST_CASE("control characters cannot break a line or reach the terminal") {
  CHECK(OneLine("plain é") == "plain é");
  CHECK(OneLine("a\nb\033[31m\x7f") == "a\\x0ab\\x1b[31m\\x7f");
}
