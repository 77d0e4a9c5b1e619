#include "tools/picture.h"

#include <cmath>

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

TEST_CASE("pictures beyond the limits are not allocated") {
  Picture picture;
  CHECK(picture.Allocate(65535, 4096, NIC_GREY8, {}).ok());
  CHECK(picture.Allocate(65536, 1, NIC_GREY8, {}).exit_status() == kExitLimit);
  CHECK(picture.Allocate(65535, 65535, NIC_RGB8, {}).exit_status() == kExitLimit);
  CHECK(picture.Allocate(0, 5, NIC_RGB8, {}).exit_status() == kExitMalformed);
  nic_limits limits = {};
  limits.max_pixels = 100;
  limits.max_side = 50;
  CHECK(picture.Allocate(10, 10, NIC_RGB8, limits).ok());
  CHECK(picture.pixels.size() == 300);
  CHECK(picture.Allocate(10, 11, NIC_RGB8, limits).exit_status() == kExitLimit);
  CHECK(picture.Allocate(51, 1, NIC_RGB8, limits).exit_status() == kExitLimit);
}

TEST_CASE("alpha is dropped from every pixel") {
  Picture picture = SamplePicture(3, 2, NIC_GREY_ALPHA8);
  const std::vector<uint8_t> before = picture.pixels;
  picture.DropAlpha();
  CHECK(picture.format == NIC_GREY8);
  REQUIRE(picture.pixels.size() == 6);
  for (size_t i = 0; i < 6; ++i) CHECK(picture.pixels[i] == before[2 * i]);
  picture.DropAlpha();
  CHECK(picture.pixels.size() == 6);
  CHECK(WithoutAlpha(NIC_RGBA8) == NIC_RGB8);
  CHECK(WithoutAlpha(NIC_RGB8) == NIC_RGB8);
}

TEST_CASE("PSNR") {
  Picture a = SamplePicture(10, 10, NIC_RGB8);
  Picture b = a;
  CHECK(std::isinf(Psnr(a, b)));
  for (uint8_t& pixel : b.pixels) pixel = pixel < 128 ? pixel + 1 : pixel - 1;
  CHECK(Psnr(a, b) == Approx(48.1308));
}
