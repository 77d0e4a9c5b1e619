#include "tools/progress.h"

#include <catch2/catch.hpp>

using nic::tools::DurationText;

TEST_CASE("durations are written for people") {
  CHECK(DurationText(0.2) == "1 s");
  CHECK(DurationText(99) == "99 s");
  CHECK(DurationText(100.5) == "2 min");
  CHECK(DurationText(3600) == "60 min");
  CHECK(DurationText(12000) == "3 h 20 min");
}
