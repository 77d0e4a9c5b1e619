#include "nicbench/codec.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace nic::bench;
using nic::tools::Outcome;

namespace {

// Makes files of ten bytes for each unit of the rate.
class FakeCodec : public Codec {
 public:
  explicit FakeCodec(const Knob& knob) { knob_ = knob; }

  std::string Label(double rate) const override { return std::to_string(rate); }
  Outcome Encode(const Source&, double rate, Coded* coded) override {
    ++encodings;
    if (rate > fails_above) return Outcome::Failure(1, "too much");
    coded->bytes.resize(static_cast<size_t>(std::lround(rate * 10)));
    return {};
  }
  Outcome Decode(const Coded&, nic::tools::Picture*, double*) override { return {}; }

  int encodings = 0;
  double fails_above = 1e9;
};

}  // namespace

TEST_CASE("a knob runs evenly or by equal factors, in either direction") {
  const Knob even = {63, 1, 63, false};
  CHECK(even.At(0) == 63);
  CHECK(even.At(61) == Approx(2));
  CHECK(even.At(62) == Approx(1));
  const Knob factors = {600, 6, 3, true};
  CHECK(factors.At(1) == Approx(60));
  CHECK(factors.At(2) == Approx(6));
}

TEST_CASE("the best encoding within a budget is found") {
  FakeCodec codec({0, 100, 101, false});
  Coded coded;
  double rate = 0;
  for (const uint64_t budget : {0u, 9u, 10u, 11u, 499u, 990u, 999u, 1000u, 5000u}) {
    codec.encodings = 0;
    REQUIRE(EncodeWithin(&codec, Source(), budget, &coded, &rate).ok());
    const double expected = std::min<double>(std::floor(static_cast<double>(budget) / 10), 100);
    CHECK(rate == Approx(expected));
    CHECK(coded.bytes.size() == Approx(expected * 10));
    CHECK(codec.encodings <= 8);
  }
}

TEST_CASE("without a file small enough the smallest comes") {
  FakeCodec codec({5, 100, 96, false});
  Coded coded;
  double rate = 0;
  REQUIRE(EncodeWithin(&codec, Source(), 20, &coded, &rate).ok());
  CHECK(rate == 5);
  CHECK(coded.bytes.size() == 50);
}

TEST_CASE("a failure ends the search") {
  FakeCodec codec({0, 100, 101, false});
  codec.fails_above = 40;
  Coded coded;
  double rate = 0;
  CHECK(EncodeWithin(&codec, Source(), 900, &coded, &rate).text() == "too much");
}
