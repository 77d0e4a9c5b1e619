#include "tools/picture_writer.h"

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

// Writes a picture three rows at a time and reads it back.
Picture GoRound(Picture picture, PictureFormat format) {
  const TemporaryFolder folder;
  OutputFile output;
  REQUIRE(output.Open(folder / "a").ok());
  const auto writer = NewPictureWriter(format, &output);
  REQUIRE(writer->Begin(picture.width, picture.height, picture.format).ok());
  for (uint32_t y = 0; y < picture.height; y += 3) {
    REQUIRE(writer->Write(picture.row(y), std::min(3u, picture.height - y), picture.stride()).ok());
  }
  REQUIRE(writer->End().ok());
  REQUIRE(output.Commit().ok());
  Picture result;
  InputFile input;
  REQUIRE(input.Open(folder / "a").ok());
  const Outcome read = ReadPicture(&input, {}, &result);
  INFO(read.text());
  REQUIRE(read.ok());
  return result;
}

}  // namespace

TEST_CASE("PNG and PNM keep every sample") {
  const auto format = GENERATE(PictureFormat::kPng, PictureFormat::kPnm);
  const auto channels =
      GENERATE(NIC_GREY8, NIC_RGB8, NIC_GREY_ALPHA8, NIC_RGBA8, NIC_GREY16, NIC_RGB16, NIC_GREY_ALPHA16, NIC_RGBA16);
  if (format == PictureFormat::kPnm && HasAlpha(channels)) return;
  const auto [width, height] = GENERATE(table<uint32_t, uint32_t>({{1, 1}, {1, 17}, {333, 1}, {61, 40}}));
  const Picture picture = SamplePicture(width, height, channels);
  const Picture result = GoRound(picture, format);
  CHECK(result.width == width);
  CHECK(result.height == height);
  CHECK(result.format == channels);
  CHECK((result.pixels == picture.pixels));
}

TEST_CASE("a full disk is told by every part of writing") {
  const auto format = GENERATE(PictureFormat::kPng, PictureFormat::kPnm);
  Picture picture = SamplePicture(500, 500, NIC_RGB8);
  OutputFile output;
  REQUIRE(output.Open("/dev/full").ok());
  const auto writer = NewPictureWriter(format, &output);
  Outcome outcome = writer->Begin(500, 500, NIC_RGB8);
  for (uint32_t y = 0; y < 500 && outcome.ok(); ++y) outcome = writer->Write(picture.row(y), 1, picture.stride());
  CHECK(outcome.text() == "cannot write '/dev/full': No space left on device");
}

TEST_CASE("formats have names and extensions") {
  CHECK(FormatOfFile("a/b.PNG") == PictureFormat::kPng);
  CHECK(FormatOfFile("b.ppm") == PictureFormat::kPpm);
  CHECK(FormatOfFile("b.pgm") == PictureFormat::kPgm);
  CHECK(FormatOfFile("b.pnm") == PictureFormat::kPnm);
  CHECK_FALSE(FormatOfFile("b.jpg"));
  CHECK_FALSE(FormatOfFile("a.png/b"));
  CHECK_FALSE(FormatOfFile("png"));
}
