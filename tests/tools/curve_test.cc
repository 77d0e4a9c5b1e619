#include "tools/curve.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/tools/temporary_folder.h"

namespace nic::tools {
namespace {

using testing::Store;
using testing::TemporaryFolder;

TEST_CASE("a curve goes into JSON and comes back") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Curve curve = {"a", "made up", {{"0+0", 0.25, 30.5, 0.95, 0.5, nan}, {"1+128", 0.5, 33, nan, 0.75, nan}}};
  Curve back;
  REQUIRE(FromJson(ToJson(curve), "a", &back).ok());
  CHECK(back.source == "made up");
  REQUIRE(back.points.size() == 2);
  CHECK(back.points[1].rate == "1+128");
  CHECK(back.points[1].psnr == 33);
  CHECK(back.points[0].ms_ssim == 0.95);
  CHECK(std::isnan(back.points[1].ms_ssim));
}

TEST_CASE("MS-SSIM in decibels") {
  CHECK(MsSsimDecibels(0.99) == Approx(20));
  CHECK(MsSsimDecibels(0.5) == Approx(3.0103));
  CHECK(std::isinf(MsSsimDecibels(1)));
}

TEST_CASE("curves are read from a file by their names") {
  const TemporaryFolder folder;
  const std::string path = folder / "c.json";
  Store(path, R"({"curves":{"a":{"bpp":[1,2],"psnr_rgb":[30,33]},"b":{"bpp":[1],"ms_ssim":[0.9]}}})");
  std::vector<Curve> curves;
  REQUIRE(ReadCurves(path, &curves).ok());
  CHECK(curves.size() == 2);
  curves.clear();
  REQUIRE(ReadCurves(path + ":b", &curves).ok());
  REQUIRE(curves.size() == 1);
  CHECK(curves[0].name == "b");
  const auto unknown = ReadCurves(path + ":c", &curves);
  CHECK(unknown.exit_status() == kExitUsage);
  CHECK(unknown.text().find("a, b") != std::string::npos);
}

TEST_CASE("files that hold no curves are refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "c.json";
  std::vector<Curve> curves;
  CHECK(!ReadCurves(path, &curves).ok());
  for (const char* text :
       {"", "[1", "[]", "{}", R"({"curves":[]})", R"({"curves":{"a":1}})", R"({"curves":{"a":{}}})",
        R"({"curves":{"a":{"bpp":[1,2],"psnr_rgb":[1]}}})", R"({"curves":{"a":{"bpp":[1],"psnr_rgb":["x"]}}})"}) {
    INFO(text);
    Store(path, text);
    CHECK(ReadCurves(path, &curves).exit_status() == kExitMalformed);
  }
}

}  // namespace
}  // namespace nic::tools
