#include "nicbench/table.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "nicbench/machine.h"
#include "nicbench/nic_codec.h"

using namespace nic::bench;

TEST_CASE("a table is aligned Markdown") {
  Table table({"<name", "bpp"});
  CHECK(table.empty());
  table.Add({"a", "0.25"});
  table.Add({"longer", "12.5"});
  CHECK(table.Text() ==
        "| name   |  bpp |\n"
        "| ------ | ---: |\n"
        "| a      | 0.25 |\n"
        "| longer | 12.5 |\n");
}

TEST_CASE("numbers that are none have names") {
  const double none = std::numeric_limits<double>::quiet_NaN();
  CHECK(Fixed(1.005, 1) == "1.0");
  CHECK(Fixed(none, 3) == "n/a");
  CHECK(Fixed(INFINITY, 3) == "inf");
  CHECK(Percent(-12.345) == "-12.35 %");
  CHECK(Percent(3) == "+3.00 %");
  CHECK(Percent(-0.001) == "+0.00 %");
  CHECK(Percent(none) == "n/a");
}

TEST_CASE("rates of nic are read") {
  double rate = 0;
  REQUIRE(ParseNicRate("3", &rate).ok());
  CHECK(rate == 3);
  REQUIRE(ParseNicRate("2+64", &rate).ok());
  CHECK(rate == 2.25);
  for (const char* text : {"", "+", "3+", "+3", "3+256", "3.5", "-1", "256", "1+2+3", "a"}) {
    INFO(text);
    CHECK_FALSE(ParseNicRate(text, &rate).ok());
  }
}

TEST_CASE("the machine is described in general words") {
  const nlohmann::json machine = DescribeMachine();
  CHECK(machine["cores"].get<int>() > 0);
  CHECK(machine["date"].get<std::string>().size() == 10);
  CHECK_FALSE(machine["cpu"].get<std::string>().empty());
}
