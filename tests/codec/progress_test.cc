#include "codec/progress.h"

#include <catch2/catch.hpp>

#include <vector>

using nic::Progress;

namespace {

int Note(void* user, double fraction) {
  static_cast<std::vector<double>*>(user)->push_back(fraction);
  return fraction > 0.9;
}

}  // namespace

TEST_CASE("progress to nobody is never stopped") {
  REQUIRE(Progress().Report(0.5).ok());
  REQUIRE(Progress().Part(0.1, 0.2).Report(1).ok());
}

TEST_CASE("a part reports its own 0 to 1 as a part of the whole") {
  std::vector<double> seen;
  const Progress whole(Note, &seen);
  REQUIRE(whole.Report(0).ok());
  const Progress half = whole.Part(0.5, 1);
  REQUIRE(half.Report(0).ok());
  const Progress third_quarter = half.Part(0, 0.5);
  REQUIRE(third_quarter.Report(0).ok());
  REQUIRE(third_quarter.Report(0.5).ok());
  REQUIRE(third_quarter.Report(1).ok());
  REQUIRE(seen == std::vector<double>{0, 0.5, 0.5, 0.625, 0.75});
}

TEST_CASE("a result other than 0 stops with NIC_CANCELLED") {
  std::vector<double> seen;
  const nic::Status status = Progress(Note, &seen).Report(1);
  REQUIRE(status.code() == NIC_CANCELLED);
  REQUIRE(status.offset() == nic::Status::kNoOffset);
  REQUIRE(seen == std::vector<double>{1});
}
