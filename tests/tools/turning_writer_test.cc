#include "tools/turning_writer.h"

#include <catch2/catch.hpp>

#include "tools/fitting_writer.h"

using namespace nic::tools;

namespace {

// Keeps what is written.
struct Kept {
  uint32_t width = 0;
  uint32_t height = 0;
  std::string pixels;
  bool ended = false;
};

class KeepingWriter : public PictureWriter {
 public:
  explicit KeepingWriter(Kept* kept) : kept_(kept) {}
  Outcome Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata&) override {
    kept_->width = width;
    kept_->height = height;
    row_ = width * PixelSize(format);
    return {};
  }
  Outcome Write(const uint8_t* pixels, uint32_t rows, size_t stride) override {
    for (uint32_t y = 0; y < rows; ++y) kept_->pixels.append(pixels + y * stride, pixels + y * stride + row_);
    return {};
  }
  Outcome End() override {
    kept_->ended = true;
    return {};
  }

 private:
  Kept* kept_;
  size_t row_ = 0;
};

std::string Turned(uint32_t orientation) {
  Kept kept;
  TurningWriter writer(std::make_unique<KeepingWriter>(&kept), orientation, 0);
  const uint8_t pixels[] = "abc.def.";
  REQUIRE(writer.Begin(3, 2, NIC_GREY8, {}).ok());
  REQUIRE(writer.Write(pixels, 1, 4).ok());
  REQUIRE(writer.Write(pixels + 4, 1, 4).ok());
  REQUIRE(writer.End().ok());
  CHECK(kept.ended);
  CHECK(kept.width == (TurningWriter::SwapsSides(orientation) ? 2 : 3));
  return kept.pixels;
}

Kept Fit(uint32_t width, uint32_t height, nic_pixel_format format, uint32_t side, const std::vector<uint8_t>& pixels) {
  Kept kept;
  FittingWriter writer(std::make_unique<KeepingWriter>(&kept), side);
  REQUIRE(writer.Begin(width, height, format, {}).ok());
  const size_t stride = width * PixelSize(format);
  for (uint32_t y = 0; y < height; ++y) REQUIRE(writer.Write(&pixels[y * stride], 1, stride).ok());
  REQUIRE(writer.End().ok());
  CHECK(kept.pixels.size() == kept.width * kept.height * PixelSize(format));
  return kept;
}

}  // namespace

TEST_CASE("each orientation shows the stored rows and columns where Exif says") {
  CHECK(Turned(1) == "abcdef");
  CHECK(Turned(2) == "cbafed");
  CHECK(Turned(3) == "fedcba");
  CHECK(Turned(4) == "defabc");
  CHECK(Turned(5) == "adbecf");
  CHECK(Turned(6) == "daebfc");
  CHECK(Turned(7) == "fcebda");
  CHECK(Turned(8) == "cfbead");
}

TEST_CASE("turning keeps to the limit on memory") {
  Kept kept;
  TurningWriter writer(std::make_unique<KeepingWriter>(&kept), 6, 1000);
  CHECK(writer.Begin(20, 20, NIC_RGB8, {}).exit_status() == kExitLimit);
}

TEST_CASE("a picture is made to fit by means") {
  const Kept half = Fit(4, 2, NIC_GREY8, 2, {10, 20, 0, 255, 30, 41, 0, 255});
  CHECK((half.width == 2 && half.height == 1));
  CHECK(half.pixels == std::string("\x19\x80"));
  const Kept same = Fit(2, 1, NIC_GREY8, 2, {7, 9});
  CHECK(same.pixels == "\x07\x09");
  const Kept thin = Fit(300, 1, NIC_RGB8, 7, std::vector<uint8_t>(900, 77));
  CHECK((thin.width == 7 && thin.height == 1));
  CHECK(thin.pixels == std::string(21, 77));
  for (const uint32_t side : {1u, 3u, 10u, 12u, 13u}) {
    const Kept odd = Fit(13, 11, NIC_RGB8, side, std::vector<uint8_t>(13 * 11 * 3, 5));
    CHECK(odd.width == side);
    CHECK(odd.pixels == std::string(odd.pixels.size(), 5));
  }
}

TEST_CASE("colours count by their alpha") {
  const Kept kept = Fit(2, 1, NIC_GREY_ALPHA8, 1, {200, 255, 10, 0});
  CHECK(kept.pixels == std::string("\xc8\x80"));
  CHECK(Fit(2, 1, NIC_GREY_ALPHA8, 1, {200, 0, 10, 0}).pixels == std::string(2, 0));
}
