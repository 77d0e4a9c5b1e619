#include "nicbench/survey.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace nic::bench {
namespace {

Sample MakeSample(uint64_t bytes, double psnr) {
  return {bytes, static_cast<double>(bytes) * 8 / 100, psnr, std::numeric_limits<double>::quiet_NaN(), 0.5, 0.25};
}

// Two codecs, two rates, three pictures; the second picture lacks one sample.
Survey MakeSurvey() {
  Survey survey;
  survey.pictures = {{"a", 10, 10}, {"b, \"c\"", 10, 10}, {"d", 10, 10}};
  survey.codecs = {{"one", "", {"0", "1"}, {}}, {"two", "", {"5", "6"}, {}}};
  survey.codecs[0].samples = {{MakeSample(10, 30), MakeSample(20, 33)},
                              {MakeSample(10, 30), std::nullopt},
                              {MakeSample(30, 40), MakeSample(20, 39)}};
  survey.codecs[1].samples.assign(3, {MakeSample(5, 20), MakeSample(6, 21)});
  return survey;
}

TEST_CASE("averages are over the pictures that every codec coded") {
  const Survey survey = MakeSurvey();
  CHECK(survey.CompletePictures() == std::vector<size_t>{0, 2});
  const tools::Curve curve = survey.Average(survey.codecs[0]);
  REQUIRE(curve.points.size() == 2);
  CHECK(curve.points[0].bpp == Approx(1.6));
  CHECK(curve.points[0].psnr == Approx(35));
  CHECK(curve.points[1].psnr == Approx(36));
  CHECK(curve.points[1].encode_seconds == Approx(0.5));
}

TEST_CASE("a codec that coded nothing does not take the pictures from the others") {
  Survey survey = MakeSurvey();
  survey.codecs.push_back({"three", "", {"1"}, {{std::nullopt}, {std::nullopt}, {std::nullopt}}});
  CHECK(survey.codecs[2].hopeless());
  CHECK(survey.CompletePictures().size() == 2);
  CHECK(survey.Average(survey.codecs[2]).points.empty());
}

TEST_CASE("falls of size or PSNR along the rate are counted") {
  const Survey survey = MakeSurvey();
  CHECK(survey.CountFalls(survey.codecs[0]) == 1);
  CHECK(survey.CountFalls(survey.codecs[1]) == 0);
}

TEST_CASE("a survey as CSV and JSON") {
  const Survey survey = MakeSurvey();
  const std::string csv = survey.Csv();
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 11);
  CHECK(csv.find("\"b, \"\"c\"\"\",10,10,one,0,10,") != std::string::npos);
  const nlohmann::json json = survey.Json();
  CHECK(json["pictures"].size() == 3);
  CHECK(json["pictures"][1]["codecs"]["one"]["bytes"][1].is_null());
  CHECK(json["curves"]["two"]["bpp"].size() == 2);
}

}  // namespace
}  // namespace nic::bench
