#include "tools/exif.h"

#include <catch2/catch.hpp>
#include <string>

using namespace nic::tools;

namespace {

using Bytes = std::vector<uint8_t>;

// One directory with a tag before the orientation.
Bytes Exif(bool little, uint8_t orientation, bool as_long) {
  const auto number = [&](uint32_t value, int size) {
    Bytes bytes;
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<uint8_t>(value >> 8 * (little ? i : size - 1 - i)));
    return bytes;
  };
  Bytes exif;
  const auto add = [&](const Bytes& bytes) { exif.insert(exif.end(), bytes.begin(), bytes.end()); };
  add(little ? Bytes{'I', 'I'} : Bytes{'M', 'M'});
  add(number(42, 2));
  add(number(8, 4));
  add(number(2, 2));
  for (const uint32_t tag : {0x10fu, 0x112u}) {
    add(number(tag, 2));
    add(number(as_long ? 4 : 3, 2));
    add(number(1, 4));
    add(number(tag == 0x112 ? orientation : 5, as_long ? 4 : 2));
    if (!as_long) add(Bytes(2));
  }
  add(Bytes(4));
  return exif;
}

std::string Reset(const std::string& text) {
  Bytes xmp(text.begin(), text.end());
  ResetXmpOrientation(&xmp);
  return {xmp.begin(), xmp.end()};
}

}  // namespace

TEST_CASE("an orientation is read and reset in every form") {
  for (const bool little : {false, true}) {
    for (const bool as_long : {false, true}) {
      for (uint8_t orientation = 1; orientation <= 8; ++orientation) {
        Bytes exif = Exif(little, orientation, as_long);
        CHECK(ExifOrientation(exif) == orientation);
        ResetExifOrientation(&exif);
        CHECK(exif == Exif(little, 1, as_long));
      }
      CHECK(ExifOrientation(Exif(little, 0, as_long)) == 1);
      CHECK(ExifOrientation(Exif(little, 9, as_long)) == 1);
    }
  }
}

TEST_CASE("what is cut or no Exif data has no orientation and stays") {
  const Bytes whole = Exif(false, 6, false);
  for (size_t size = 0; size < 34; ++size) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const Bytes before = cut;
    CHECK(ExifOrientation(cut) == 1);
    ResetExifOrientation(&cut);
    CHECK(cut == before);
  }
  CHECK(ExifOrientation(Bytes(1000, 0xff)) == 1);
}

TEST_CASE("XMP tells an orientation as attribute or element") {
  CHECK(Reset("a tiff:Orientation=\"6\" b tiff:Orientation='8'") == "a tiff:Orientation=\"1\" b tiff:Orientation='1'");
  CHECK(Reset("<tiff:Orientation>3</tiff:Orientation>") == "<tiff:Orientation>1</tiff:Orientation>");
  CHECK(Reset("tiff:Orientation=\"66\" tiff:Orientation=\"") == "tiff:Orientation=\"66\" tiff:Orientation=\"");
  CHECK(Reset("") == "");
}
