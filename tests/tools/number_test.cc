#include "tools/number.h"

#include <catch2/catch.hpp>

using namespace nic::tools;

TEST_CASE("decimals are read whole or not at all") {
  CHECK(ParseDecimal("33.5") == 33.5);
  CHECK(ParseDecimal("1e-2") == 0.01);
  CHECK(ParseDecimal("-3") == -3);
  for (const char* bad : {"", " 1", "1 ", "1x", "nan", "inf", "-inf", "1e999", "0x10", "+1", "1,5"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseDecimal(bad));
  }
}

TEST_CASE("whole numbers have digits only") {
  CHECK(ParseWhole("0") == 0);
  CHECK(ParseWhole("18446744073709551615") == 18446744073709551615u);
  for (const char* bad : {"", "-1", "+1", "1.0", "1k", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseWhole(bad));
  }
}

TEST_CASE("counts take suffixes") {
  CHECK(ParseCount("40000") == 40000);
  CHECK(ParseCount("40k") == 40000);
  CHECK(ParseCount("40kB") == 40000);
  CHECK(ParseCount("1.5M") == 1500000);
  CHECK(ParseCount("2Ki") == 2048);
  CHECK(ParseCount("2GiB") == 2147483648u);
  CHECK(ParseCount("7B") == 7);
  for (const char* bad : {"", "k", "1.5", "1kk", "1q", "-1", "1e3", "99999999999G", "1 k", "1Bi", "1.2.3"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseCount(bad));
  }
}

TEST_CASE("long numbers are grouped by thousands") {
  CHECK(Grouped(0) == "0");
  CHECK(Grouped(999) == "999");
  CHECK(Grouped(1000) == "1,000");
  CHECK(Grouped(1234567) == "1,234,567");
}
