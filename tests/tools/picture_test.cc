#include "tools/picture.h"

#include <cmath>
#include <cstring>

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

TEST_CASE("samples of 16 bits") {
  Picture picture = SamplePicture(2, 1, NIC_RGBA16);
  const uint16_t samples[] = {1000, 2000, 3000, 4000, 65535, 128, 129, 0};
  std::memcpy(picture.pixels.data(), samples, sizeof samples);
  CHECK(picture.sample(3) == 4000);
  CHECK(MaxSample(picture.format) == 65535);
  CHECK(picture.stride() == 16);
  Picture grey = picture;
  grey.MakeGrey();
  CHECK(grey.format == NIC_GREY16);
  REQUIRE(grey.pixels.size() == 4);
  CHECK(grey.sample(0) == (77 * 1000 + 150 * 2000 + 29 * 3000 + 128) / 256);
  picture.DropAlpha();
  CHECK(picture.format == NIC_RGB16);
  REQUIRE(picture.pixels.size() == 12);
  CHECK(picture.sample(2) == 3000);
  CHECK(picture.sample(3) == 65535);
  Picture other = picture;
  other.pixels[0] ^= 1;
  CHECK(Psnr(picture, other) == Approx(20 * std::log10(65535) + 10 * std::log10(6)));
  picture.MakeShallow();
  CHECK(picture.format == NIC_RGB8);
  CHECK(picture.pixels == std::vector<uint8_t>{4, 8, 12, 255, 0, 1});
}

namespace {

class Collector : public RowSink {
 public:
  Outcome Begin(const Picture& picture) override {
    row_size_ = picture.stride();
    return {};
  }
  Outcome Take(const uint8_t* pixels, size_t stride, uint32_t rows) override {
    if (refuse) return Outcome::Failure(kExitFailure, "refused");
    for (uint32_t y = 0; y < rows; ++y) taken.insert(taken.end(), pixels + y * stride, pixels + y * stride + row_size_);
    return {};
  }

  bool refuse = false;
  std::vector<uint8_t> taken;

 private:
  size_t row_size_ = 0;
};

// Fills the rows as a reader does.
Outcome FillRows(const Picture& source, Picture* picture) {
  NIC_TOOLS_RETURN_IF_FAILED(picture->AllocateRows(source.width, source.height, source.format, {}));
  for (uint32_t y = 0; y < source.height; ++y) {
    std::copy_n(source.pixels.data() + y * source.stride(), source.stride(), picture->row(y));
    NIC_TOOLS_RETURN_IF_FAILED(picture->FinishRow(y));
  }
  return {};
}

}  // namespace

TEST_CASE("a sink has all rows, and the picture no more than a strip") {
  for (uint32_t height : {1u, 63u, 64u, 65u, 128u, 150u}) {
    CAPTURE(height);
    const Picture source = SamplePicture(5, height, NIC_RGB8);
    Collector sink;
    Picture picture;
    picture.sink = &sink;
    REQUIRE(FillRows(source, &picture).ok());
    CHECK(picture.in_strips);
    CHECK(sink.taken == source.pixels);
    CHECK(picture.pixels.size() <= Picture::kStripRows * picture.stride());
    Picture whole;
    REQUIRE(FillRows(source, &whole).ok());
    CHECK(!whole.in_strips);
    CHECK(whole.pixels == source.pixels);
  }
}

TEST_CASE("a sink that refuses ends reading") {
  Collector sink;
  sink.refuse = true;
  Picture picture;
  picture.sink = &sink;
  CHECK(FillRows(SamplePicture(5, 65, NIC_RGB8), &picture).text() == "refused");
}
