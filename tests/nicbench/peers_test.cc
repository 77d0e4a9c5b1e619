#include "nicbench/peers.h"

#include <catch2/catch.hpp>
#include <cstdlib>

namespace nic::bench {
namespace {

TEST_CASE("peers that are not installed are listed as skipped, with the package that brings them") {
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  setenv("PATH", "/nonexistent", 1);
  std::vector<const ProgramDescription*> selected;
  std::vector<std::string> skipped;
  const auto outcome = SelectPeers({"all"}, &selected, &skipped);
  setenv("PATH", path.c_str(), 1);
  CHECK(outcome.ok());
  CHECK(selected.empty());
  REQUIRE(skipped.size() == KnownPrograms().size());
  CHECK(skipped[0].find("jpeg is skipped: cjpeg or djpeg is not installed (package libjpeg-turbo-progs)") == 0);
}

TEST_CASE("only the peers that were asked for are looked for") {
  std::vector<const ProgramDescription*> selected;
  std::vector<std::string> skipped;
  CHECK(SelectPeers({"none"}, &selected, &skipped).ok());
  CHECK(selected.size() + skipped.size() == 0);
  CHECK(SelectPeers({"webp", "jpeg"}, &selected, &skipped).ok());
  CHECK(selected.size() + skipped.size() == 2);
  const auto unknown = SelectPeers({"gif"}, &selected, &skipped);
  CHECK(unknown.exit_status() == tools::kExitUsage);
  CHECK(unknown.text().find("gif") != std::string::npos);
}

}  // namespace
}  // namespace nic::bench
