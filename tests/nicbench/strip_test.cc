#include "nicbench/strip.h"

#include <catch2/catch.hpp>

#include "tests/tools/temporary_folder.h"

namespace nic::bench {
namespace {

TEST_CASE("a part of a picture") {
  Crop crop;
  REQUIRE(ParseCrop("", 20, 10, &crop).ok());
  CHECK(crop.width == 20);
  REQUIRE(ParseCrop("5x4+15+6", 20, 10, &crop).ok());
  CHECK(crop.x == 15);
  CHECK(crop.height == 4);
  for (const char* text : {"5x4", "5x4+16+6", "5x5+15+6", "0x4+0+0", "5x4+1+1x", "-1x4+0+0", "999999999x1+1+1"}) {
    INFO(text);
    CHECK(ParseCrop(text, 20, 10, &crop).exit_status() == tools::kExitUsage);
  }
}

TEST_CASE("enlarging repeats pixels and makes grey colour") {
  tools::Picture grey;
  REQUIRE(grey.Allocate(3, 2, NIC_GREY8, {}).ok());
  grey.pixels = {1, 2, 3, 4, 5, 6};
  tools::Picture large;
  REQUIRE(Enlarge(grey, {1, 1, 2, 1}, 2, &large).ok());
  CHECK(large.width == 4);
  CHECK(large.height == 2);
  const std::vector<uint8_t> row = {5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6};
  CHECK(std::vector<uint8_t>(large.row(1), large.row(1) + 12) == row);
}

TEST_CASE("a strip holds every tile, in rows") {
  const tools::Picture picture = tools::testing::SamplePicture(40, 30, NIC_RGB8);
  const std::vector<Tile> tiles(5, {picture, {"a", "b"}});
  tools::Picture strip;
  REQUIRE(MakeStrip(tiles, 3, &strip).ok());
  CHECK(strip.width > 3 * 40);
  CHECK(strip.width < 4 * 40 + 40);
  CHECK(strip.height > 2 * 30);
  size_t found = 0;
  for (uint32_t y = 0; y < strip.height; ++y) {
    for (uint32_t x = 0; x + 40 <= strip.width; ++x) {
      found += std::equal(picture.pixels.begin(), picture.pixels.begin() + 120, strip.row(y) + size_t{x} * 3);
    }
  }
  CHECK(found == 5);
}

}  // namespace
}  // namespace nic::bench
