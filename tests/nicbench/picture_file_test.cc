#include "nicbench/picture_file.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "temporary_folder.h"

using namespace nic::bench;
using nic::tools::Picture;
using nic::tools::testing::SamplePicture;
using nic::tools::testing::Store;
using nic::tools::testing::TemporaryFolder;

TEST_CASE("pictures go to files and back") {
  const TemporaryFolder folder;
  const auto format = GENERATE(NIC_GREY8, NIC_RGB8);
  const Picture written = SamplePicture(17, 5, format);
  for (const char* name : {"a.png", "a.pnm", "A.PNG"}) {
    Picture read;
    REQUIRE(WritePictureFile(folder / name, written).ok());
    REQUIRE(ReadPictureFile(folder / name, &read).ok());
    CHECK(read.width == 17);
    CHECK(read.format == format);
    CHECK(read.pixels == written.pixels);
  }
  CHECK_FALSE(WritePictureFile(folder / "a.webp", written).ok());
}

TEST_CASE("a folder's pictures are listed by name") {
  const TemporaryFolder folder;
  for (const char* name : {"b.png", "a.JPG", "c.txt", "d.ppm", "png"}) Store(folder / name, "x");
  std::vector<std::string> files;
  REQUIRE(ListPictures(folder / "", &files).ok());
  REQUIRE(files.size() == 3);
  CHECK(StemOf(files[0]) == "a");
  CHECK(StemOf(files[1]) == "b");
  CHECK(StemOf(files[2]) == "d");
  REQUIRE(ListPictures(folder / "c.txt", &files).ok());
  CHECK(files == std::vector<std::string>{folder / "c.txt"});
}

TEST_CASE("nothing to list is an error") {
  const TemporaryFolder folder;
  std::vector<std::string> files;
  CHECK(ListPictures(folder / "absent", &files).text() ==
        "cannot open " + (folder / "absent") + ": No such file or directory");
  CHECK_THAT(ListPictures(folder / "", &files).text(), Catch::Matchers::StartsWith("no pictures in "));
}

TEST_CASE("grey and colour pictures are made comparable") {
  Picture grey = SamplePicture(3, 2, NIC_GREY8);
  Picture colour = SamplePicture(3, 2, NIC_RGB8);
  const std::vector<uint8_t> samples = grey.pixels;
  REQUIRE(MakeComparable(&colour, &grey).ok());
  REQUIRE(grey.format == NIC_RGB8);
  REQUIRE(grey.pixels.size() == 18);
  for (size_t i = 0; i < 18; ++i) CHECK(grey.pixels[i] == samples[i / 3]);
  Picture other = SamplePicture(2, 3, NIC_RGB8);
  CHECK(MakeComparable(&colour, &other).text() == "the pictures differ in size: 3 x 2 and 2 x 3");
}
