#include "nicbench/mosaic.h"

#include "nicbench/picture_file.h"
#include "tests/tools/temporary_folder.h"

namespace nic::bench {
namespace {

using tools::testing::TemporaryFolder;

tools::Picture Flat(uint32_t width, uint32_t height, uint8_t value) {
  tools::Picture picture;
  REQUIRE(picture.Allocate(width, height, NIC_RGB8, {}).ok());
  std::fill(picture.pixels.begin(), picture.pixels.end(), value);
  return picture;
}

TEST_CASE("a mosaic takes the pictures in turn, cut to the smallest sides") {
  const TemporaryFolder folder;
  REQUIRE(WritePictureFile(folder / "a.ppm", Flat(4, 9, 10)).ok());
  REQUIRE(WritePictureFile(folder / "b.ppm", Flat(8, 3, 20)).ok());
  REQUIRE(WritePictureFile(folder / "c.ppm", Flat(8, 9, 30)).ok());
  TemporaryFolder out;
  REQUIRE(RunMosaic({folder / "", out / "m.png", 10, 5}) == 0);
  tools::Picture mosaic;
  REQUIRE(ReadPictureFile(out / "m.png", &mosaic).ok());
  REQUIRE(mosaic.width == 10);
  REQUIRE(mosaic.height == 5);
  CHECK(mosaic.row(0)[0] == 10);
  CHECK(mosaic.row(2)[3 * 4] == 20);
  CHECK(mosaic.row(2)[3 * 9] == 30);
  CHECK(mosaic.row(3)[3 * 3] == 10);
  CHECK(mosaic.row(4)[3 * 7] == 20);
}

TEST_CASE("a mosaic of nothing is refused") {
  const TemporaryFolder folder;
  CHECK(RunMosaic({folder / "", folder / "m.png", 10, 5}) == 1);
  tools::testing::Store(folder / "a.png", "no picture");
  CHECK(RunMosaic({folder / "", folder / "m.png", 10, 5}) != 0);
}

}  // namespace
}  // namespace nic::bench
