#include "bd_rate.h"

#include <cmath>

#include "check.h"
#include "evaluation.h"
#include "files.h"
#include "samples.h"

namespace nic::testing {
namespace {

const std::vector<RatePoint> kAnchor = {{0.2, 28}, {0.4, 30.5}, {0.8, 33.1}, {1.6, 36}};

std::vector<RatePoint> Scaled(double factor) {
  std::vector<RatePoint> curve = kAnchor;
  for (RatePoint& point : curve) point.bpp *= factor;
  return curve;
}

TEST_CASE("BD-rate: a curve at a constant factor of the rate") {
  CHECK(*BdRate(kAnchor, kAnchor) == Approx(0).margin(1e-9));
  CHECK(*BdRate(kAnchor, Scaled(0.6)) == Approx(-40));
  CHECK(*BdRate(kAnchor, Scaled(1.25)) == Approx(25));
}

TEST_CASE("BD-rate: the value that SciPy's PCHIP gives") {
  // exp(mean difference of PchipInterpolator(psnr, log(bpp)) over 30 .. 36) - 1
  const std::vector<RatePoint> curve = {{0.31, 30}, {0.52, 32.4}, {1.0, 35}, {1.9, 38.5}, {3.0, 40}};
  CHECK(*BdRate(kAnchor, curve) == Approx(-20.3269).margin(2e-4));
}

TEST_CASE("BD-rate: nothing to compare") {
  CHECK(!BdRate(kAnchor, {}));
  CHECK(!BdRate(kAnchor, {{1, 30}}));
  CHECK(!BdRate(kAnchor, {{1, 50}, {2, 55}}));
  CHECK(!BdRate(kAnchor, {{1, 30}, {2, 30}}));
  CHECK(!BdRate(kAnchor, {{0, 30}, {2, 33}}));
}

TEST_CASE("BD-rate: curves from a file") {
  Folder folder;
  const std::string path = folder / "c.json";
  REQUIRE(
      WriteFile(path, R"({"curves":{"a":{"bpp":[1,2],"psnr_rgb":[30,33]},"b":{"bpp":[1],"psnr_rgb":[1,2]}}})").ok());
  std::vector<RatePoint> curve;
  REQUIRE(ReadCurve(path, "a", &curve).ok());
  REQUIRE(curve.size() == 2);
  CHECK(curve[1].psnr == 33);
  CHECK(!ReadCurve(path, "b", &curve).ok());
  CHECK(!ReadCurve(path, "c", &curve).ok());
  REQUIRE(WriteFile(path, "[1").ok());
  CHECK(!ReadCurve(path, "a", &curve).ok());
}

TEST_CASE("PSNR: a known difference") {
  Picture a{2, 1, {10, 20, 30, 40, 50, 60}};
  Picture b = a;
  CHECK(Psnr(a, b) == 99);
  for (uint8_t& sample : b.samples) sample = static_cast<uint8_t>(sample + 5);
  CHECK(Psnr(a, b) == Approx(20 * std::log10(255.0 / 5)));
}

TEST_CASE("pictures become tensors and come back") {
  const Picture picture = MakePicture(21, 35, 3);
  const torch::Tensor tensor = ToPaddedTensor(picture);
  CHECK(tensor.sizes() == torch::IntArrayRef({1, 3, 48, 32}));
  CHECK(tensor[0][1][47][31].item<float>() == tensor[0][1][34][20].item<float>());
  CHECK(ToPicture(tensor, 21, 35).samples == picture.samples);
}

}  // namespace
}  // namespace nic::testing
