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

TEST_CASE("PSNR") {
  Picture a = SamplePicture(10, 10, NIC_RGB8);
  Picture b = a;
  CHECK(std::isinf(Psnr(a, b)));
  for (uint8_t& pixel : b.pixels) pixel = pixel < 128 ? pixel + 1 : pixel - 1;
  CHECK(Psnr(a, b) == Approx(48.1308));
}
