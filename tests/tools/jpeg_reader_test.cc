#include "tools/exif.h"
#include "tools/jpeg_reader.h"

#include <jpeglib.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

struct JpegKind {
  J_COLOR_SPACE input = JCS_RGB;
  int components = 3;
  bool progressive = false;
  const char* icc = nullptr;
  int orientation = 0;
};

// A picture of 40 x 30 pixels.
std::string MakeJpeg(const JpegKind& kind) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = 40;
  jpeg.image_height = 30;
  jpeg.in_color_space = kind.input;
  jpeg.input_components = kind.components;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 95, TRUE);
  if (kind.progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  if (kind.orientation) {
    unsigned char exif[32] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1";
    exif[25] = static_cast<unsigned char>(kind.orientation);
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof exif);
  }
  if (kind.icc) {
    jpeg_write_icc_profile(&jpeg, reinterpret_cast<const JOCTET*>(kind.icc), static_cast<unsigned>(strlen(kind.icc)));
  }
  std::vector<unsigned char> row(static_cast<size_t>(40 * kind.components));
  for (int y = 0; y < 30; ++y) {
    for (size_t i = 0; i < row.size(); ++i) row[i] = static_cast<unsigned char>(i * 2 + static_cast<size_t>(y));
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&jpeg, &pointer, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const std::string result(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return result;
}

Picture ReadWhole(const JpegKind& kind) {
  Picture picture;
  const Outcome outcome = ReadBytes(MakeJpeg(kind), &picture);
  INFO(outcome.text());
  REQUIRE(outcome.ok());
  return picture;
}

}  // namespace

TEST_CASE("colour, grey and progressive JPEG are read") {
  for (const bool progressive : {false, true}) {
    Picture colour = ReadWhole({JCS_RGB, 3, progressive});
    CHECK(colour.width == 40);
    CHECK(colour.height == 30);
    CHECK(colour.format == NIC_RGB8);
    CHECK(colour.notes.empty());
    CHECK(std::abs(colour.row(20)[30] - 80) < 12);
    Picture grey = ReadWhole({JCS_GRAYSCALE, 1, progressive});
    CHECK(grey.format == NIC_GREY8);
    CHECK(std::abs(grey.row(20)[30] - 80) < 6);
  }
}

TEST_CASE("a JPEG's metadata are kept") {
  const JpegKind kind = {JCS_RGB, 3, false, "Adobe RGB", 6};
  const Picture picture = ReadWhole(kind);
  CHECK(picture.notes.empty());
  CHECK(std::string(picture.metadata.icc.begin(), picture.metadata.icc.end()) == "Adobe RGB");
  REQUIRE(picture.metadata.exif.size() == 26);
  CHECK(picture.metadata.exif[0] == 'M');
  CHECK(ExifOrientation(picture.metadata.exif) > 1);
  CHECK(picture.metadata.xmp.empty());
  CHECK(ReadWhole({JCS_RGB, 3}).metadata.empty());
}

TEST_CASE("what a JPEG loses when metadata are left out is noted") {
  const auto count_notes = [](const JpegKind& kind) {
    const TemporaryFolder folder;
    Store(folder / "a", MakeJpeg(kind));
    InputFile file;
    REQUIRE(file.Open(folder / "a").ok());
    Picture picture;
    REQUIRE(ReadPicture(&file, {}, &picture, {false, false, false}).ok());
    CHECK(picture.metadata.empty());
    return picture.notes.size();
  };
  CHECK(count_notes({JCS_RGB, 3, false, "the sRGB profile"}) == 0);
  CHECK(count_notes({JCS_RGB, 3, false, "Adobe RGB"}) == 1);
  CHECK(count_notes({JCS_RGB, 3, false, nullptr, 1}) == 0);
  CHECK(count_notes({JCS_RGB, 3, false, nullptr, 6}) == 1);
}

TEST_CASE("CMYK is refused") {
  Picture picture;
  CHECK(ReadBytes(MakeJpeg({JCS_CMYK, 4}), &picture).exit_status() == kExitUnsupported);
}

TEST_CASE("a limit refuses a JPEG before its pixels") {
  Picture picture;
  nic_limits limits = {};
  limits.max_pixels = 1000;
  CHECK(ReadBytes(MakeJpeg({}), &picture, limits).exit_status() == kExitLimit);
}

TEST_CASE("a JPEG cut anywhere is truncated, but for its end marker") {
  for (const bool progressive : {false, true}) {
    const std::string whole = MakeJpeg({JCS_RGB, 3, progressive});
    for (size_t size = 3; size < whole.size(); ++size) {
      CAPTURE(progressive, size, whole.size());
      Picture picture;
      const int status = ReadBytes(whole.substr(0, size), &picture).exit_status();
      if (!progressive && size >= whole.size() - 2) {
        CHECK(status == kExitOk);
      } else {
        CHECK(status == kExitTruncated);
      }
    }
  }
}

TEST_CASE("a JPEG with any bit turned is read or refused, never more") {
  const std::string whole = MakeJpeg({JCS_RGB, 3, true, "Adobe RGB", 6});
  for (size_t bit = 0; bit < whole.size() * 8; bit += 3) {
    std::string damaged = whole;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    Picture picture;
    const Outcome outcome = ReadBytes(damaged, &picture);
    CAPTURE(bit, outcome.text());
    CHECK(outcome.exit_status() != kExitFailure);
  }
}
