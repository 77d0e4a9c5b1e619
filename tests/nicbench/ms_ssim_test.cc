#include "nicbench/ms_ssim.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

namespace nic::bench {
namespace {

template <typename Value>
tools::Picture Make(uint32_t width, uint32_t height, nic_pixel_format format, Value value) {
  tools::Picture picture;
  REQUIRE(picture.Allocate(width, height, format, {}).ok());
  const auto channels = static_cast<size_t>(format);
  for (uint32_t y = 0; y < height; ++y) {
    for (size_t i = 0; i < width * channels; ++i) {
      picture.row(y)[i] = static_cast<uint8_t>(value(i / channels, y, i % channels));
    }
  }
  return picture;
}

tools::Picture Flat(uint8_t value, nic_pixel_format format = NIC_GREY8) {
  return Make(192, 176, format, [value](size_t, size_t, size_t) { return value; });
}

TEST_CASE("MS-SSIM of equal pictures is 1") {
  const tools::Picture picture =
      Make(200, 180, NIC_RGB8, [](size_t x, size_t y, size_t c) { return (x * x + 3 * y * (c + 1)) % 251; });
  CHECK(*MsSsim(picture, picture) == Approx(1).margin(1e-6));
}

// Every value is an integer formula, so that another program can make the same pictures. The figures are those of
// pytorch-msssim's definition, computed in double precision with PyTorch.
TEST_CASE("MS-SSIM agrees with pytorch-msssim") {
  struct Case {
    uint32_t width, height;
    double colour, grey;
  };
  const Case odd_and_even = GENERATE(Case{256, 192, 0.986113887, 0.985831792}, Case{201, 177, 0.989586200, 0.989609834},
                                     Case{176, 176, 0.991498564, 0.991478221});
  const auto pattern = [](size_t x, size_t y, size_t c) { return (x * 3 + y * (c + 2) + x * y / 16 * 5) % 256; };
  const auto noisy = [&](size_t x, size_t y, size_t c) {
    const size_t noise = (x * 7 + y * 13 + c * 29) * (x + 3 * y + 1) % 41;  // 20 too high
    return std::clamp<size_t>(pattern(x, y, c) + noise, 20, 275) - 20;
  };
  for (const nic_pixel_format format : {NIC_RGB8, NIC_GREY8}) {
    const tools::Picture a = Make(odd_and_even.width, odd_and_even.height, format, pattern);
    const tools::Picture b = Make(odd_and_even.width, odd_and_even.height, format, noisy);
    const double expected = format == NIC_RGB8 ? odd_and_even.colour : odd_and_even.grey;
    INFO(odd_and_even.width << " x " << odd_and_even.height << ", " << format << " channels");
    CHECK(*MsSsim(a, b) == Approx(expected).epsilon(0).margin(2e-7));
    CHECK(*MsSsim(b, a) == Approx(expected).epsilon(0).margin(2e-7));
  }
}

TEST_CASE("MS-SSIM of flat pictures is the last scale's luminance term") {
  const double c1 = 2.55 * 2.55;
  const double term = (2 * 100 * 160 + c1) / (100 * 100 + 160 * 160 + c1);
  CHECK(*MsSsim(Flat(100), Flat(160)) == Approx(std::pow(term, 0.1333)).margin(1e-5));
}

TEST_CASE("MS-SSIM of a checkerboard is the first scale's contrast term") {
  // On the first scale the variance is 20 squared and nothing correlates; on the others the picture is flat.
  const tools::Picture board =
      Make(192, 176, NIC_GREY8, [](size_t x, size_t y, size_t) { return (x + y) % 2 ? 120 : 80; });
  const double c2 = 7.65 * 7.65;
  CHECK(*MsSsim(Flat(100), board) == Approx(std::pow(c2 / (400 + c2), 0.0448)).margin(1e-4));
}

TEST_CASE("MS-SSIM is the mean over the channels") {
  const tools::Picture grey = Flat(100, NIC_RGB8);
  const tools::Picture other = Make(192, 176, NIC_RGB8, [](size_t, size_t, size_t c) { return c == 1 ? 160 : 100; });
  CHECK(*MsSsim(grey, other) == Approx((2 + *MsSsim(Flat(100), Flat(160))) / 3).margin(1e-6));
}

TEST_CASE("MS-SSIM does not exist for tiny pictures") {
  const auto value = [](size_t, size_t, size_t) { return 1; };
  CHECK(!MsSsim(Make(175, 400, NIC_GREY8, value), Make(175, 400, NIC_GREY8, value)));
  CHECK(MsSsim(Make(176, 177, NIC_GREY8, value), Make(176, 177, NIC_GREY8, value)));
}

TEST_CASE("PSNR of a known difference") {
  CHECK(tools::Psnr(Flat(100), Flat(105)) == Approx(20 * std::log10(255.0 / 5)));
  CHECK(std::isinf(tools::Psnr(Flat(7), Flat(7))));
}

}  // namespace
}  // namespace nic::bench
