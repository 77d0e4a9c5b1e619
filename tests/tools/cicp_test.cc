#include "tools/cicp.h"

#include <catch2/catch.hpp>

using namespace nic::tools;

namespace {

using Bytes = std::vector<uint8_t>;

}  // namespace

TEST_CASE("colours by code points are read from four numbers") {
  CHECK(ParseCicp("12/13/0/1") == Bytes{12, 13, 0, 1});
  CHECK(ParseCicp("0/255/0/0") == Bytes{0, 255, 0, 0});
  for (const char* text : {"", "/", "12/13/0", "12/13/0/1/", "12/13/0/1/0", "12/13/1/1", "12/13/0/2", "256/13/0/1",
                           "-1/13/0/1", "a/13/0/1", "12//0/1", "12,13,0,1", " 12/13/0/1", "12/13/0/1 "}) {
    CAPTURE(text);
    CHECK(!ParseCicp(text));
  }
}

TEST_CASE("colours by code points are told by name and number") {
  CHECK(IsSrgbCicp(Bytes{1, 13, 0, 1}));
  CHECK_FALSE(IsSrgbCicp(Bytes{1, 13, 0, 0}));
  CHECK_FALSE(IsSrgbCicp(Bytes{}));
  CHECK(CicpText(Bytes{9, 16, 0, 1}) == "9/16/0/1");
  CHECK(CicpName(Bytes{9, 16, 0, 1}) == "BT.2020 PQ");
  CHECK(CicpName(Bytes{12, 13, 0, 1}) == "Display P3");
  CHECK(CicpName(Bytes{1, 13, 0, 1}) == "sRGB");
  CHECK(CicpName(Bytes{9, 18, 0, 0}) == "BT.2020 HLG, narrow range");
  CHECK(CicpName(Bytes{6, 4, 0, 1}) == "primaries BT.601, transfer gamma 2.2");
  CHECK(CicpName(Bytes{77, 255, 0, 0}) == "primaries number 77, transfer number 255, narrow range");
}
