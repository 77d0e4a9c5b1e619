#include "tools/bd_rate.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>

#include "tools/curve.h"

namespace nic::tools {
namespace {

const std::vector<RateQuality> kReference = {{0.2, 28}, {0.4, 30.5}, {0.8, 33.1}, {1.6, 36}};

std::vector<RateQuality> Scaled(double factor) {
  std::vector<RateQuality> curve = kReference;
  for (RateQuality& point : curve) point.rate *= factor;
  return curve;
}

std::vector<RateQuality> Zip(const std::vector<double>& rates, const std::vector<double>& qualities) {
  std::vector<RateQuality> curve;
  for (size_t i = 0; i < rates.size(); ++i) curve.push_back({rates[i], qualities[i]});
  return curve;
}

TEST_CASE("BD-rate of a curve at a constant factor of the rate") {
  CHECK(*BdRate(kReference, kReference) == Approx(0).margin(1e-9));
  CHECK(*BdRate(kReference, Scaled(0.6)) == Approx(-40));
  CHECK(*BdRate(kReference, Scaled(1.25)) == Approx(25));
}

TEST_CASE("BD-rate as SciPy's PCHIP gives it") {
  // exp(mean difference of PchipInterpolator(quality, log(rate)) over 30 .. 36) - 1
  const std::vector<RateQuality> tested = {{0.31, 30}, {0.52, 32.4}, {1.0, 35}, {1.9, 38.5}, {3.0, 40}};
  CHECK(*BdRate(kReference, tested) == Approx(-20.3269).margin(2e-4));
}

TEST_CASE("BD-rate of published curves on Kodak") {
  const std::vector<RateQuality> jpeg = Zip({0.22115, 0.32659, 0.4231, 0.50827, 0.65979, 0.78557, 0.90552, 1.03659,
                                             1.23876, 1.3676, 1.57024, 1.85652, 2.34632, 3.39192},
                                            {23.8522, 26.6718, 28.1448, 29.1445, 30.4915, 31.422, 32.1738, 32.9076,
                                             33.9167, 34.5221, 35.37, 36.4615, 38.034, 40.5604});
  const std::vector<RateQuality> elic =
      Zip({0.1235, 0.1965, 0.3337, 0.4908, 0.7041, 0.8573}, {29.113, 30.698, 32.784, 34.577, 36.488, 37.624});
  const std::vector<RateQuality> cc10 =
      Zip({0.1129, 0.1895, 0.2999, 0.4612, 0.6687, 0.8987}, {28.615, 30.257, 31.963, 33.825, 35.763, 37.413});
  CHECK(*BdRate(jpeg, elic) == Approx(-67.16).epsilon(0).margin(0.01));
  CHECK(*BdRate(jpeg, cc10) == Approx(-65.0).epsilon(0).margin(0.01));
}

TEST_CASE("BD-rate does not depend on the order of points and leaves out what is no number") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<RateQuality> mixed = Scaled(0.6);
  std::swap(mixed[0], mixed[3]);
  mixed.insert(mixed.end(), {{nan, 31}, {0.5, nan}, {0.5, infinity}, {0, 32}, {-1, 33}});
  CHECK(*BdRate(kReference, mixed) == Approx(-40));
}

TEST_CASE("BD-rate counts the cheapest of equal qualities") {
  std::vector<RateQuality> twice = Scaled(0.6);
  for (const RateQuality& point : kReference) twice.push_back(point);
  CHECK(*BdRate(kReference, twice) == Approx(-40));
}

TEST_CASE("BD-rate of nothing to compare") {
  CHECK(!BdRate(kReference, {}));
  CHECK(!BdRate(kReference, {{1, 30}}));
  CHECK(!BdRate(kReference, {{1, 50}, {2, 55}}));
  CHECK(!BdRate(kReference, {{1, 30}, {2, 30}}));
}

TEST_CASE("BD-rates of the file that NIC_ANCHORS names are those that it states") {
  const char* path = std::getenv("NIC_ANCHORS");
  if (!path) {
    WARN("NIC_ANCHORS names no file of published curves: skipped");
    return;
  }
  nlohmann::json file;
  REQUIRE(ReadJson(path, &file).ok());
  std::vector<Curve> curves;
  REQUIRE(ReadCurves(std::string(path) + ":pillow-jpeg-420", &curves).ok());
  int compared = 0;
  for (const auto& item : file["curves"].items()) {
    if (!item.value().contains("bd_rate_vs_pillow_jpeg_420")) continue;
    INFO(item.key());
    Curve curve;
    REQUIRE(FromJson(item.value(), item.key(), &curve).ok());
    const auto rate = BdRateOf(curves.front(), curve, Metric::kPsnr);
    REQUIRE(rate);
    CHECK(*rate == Approx(item.value()["bd_rate_vs_pillow_jpeg_420"].get<double>()).epsilon(0).margin(0.01));
    ++compared;
  }
  CHECK(compared > 0);
}

}  // namespace
}  // namespace nic::tools
