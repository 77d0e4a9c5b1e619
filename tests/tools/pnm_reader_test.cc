#include "tools/pnm_reader.h"

#include "temporary_folder.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

using namespace std::string_literals;

std::vector<uint8_t> PixelsOf(const std::string& bytes, nic_pixel_format format, size_t notes = 0) {
  Picture picture;
  const Outcome outcome = ReadBytes(bytes, &picture);
  CAPTURE(bytes, outcome.text());
  CHECK(outcome.ok());
  CHECK(picture.format == format);
  CHECK(picture.notes.size() == notes);
  return picture.pixels;
}

int StatusOf(const std::string& bytes) {
  Picture picture;
  return ReadBytes(bytes, &picture).exit_status();
}

using Pixels = std::vector<uint8_t>;

}  // namespace

TEST_CASE("all six kinds of PNM") {
  CHECK(PixelsOf("P1\n3 1\n0 10", NIC_GREY8) == Pixels{255, 0, 255});
  CHECK(PixelsOf("P2 2 1 255\n7\n9", NIC_GREY8) == Pixels{7, 9});
  CHECK(PixelsOf("P3 1 1 255 1 2 3 ", NIC_RGB8) == Pixels{1, 2, 3});
  CHECK(PixelsOf("P4\n9 1\n\xff\x00"s, NIC_GREY8) == Pixels{0, 0, 0, 0, 0, 0, 0, 0, 255});
  CHECK(PixelsOf("P5\n2 1\n255\n\x07\x09", NIC_GREY8) == Pixels{7, 9});
  CHECK(PixelsOf("P6\n1 1\n255\n\x01\x02\x03", NIC_RGB8) == Pixels{1, 2, 3});
}

TEST_CASE("comments, other white space and what follows the picture") {
  CHECK(PixelsOf("P5 # one\n#two\n 2\t1 # three\r255\n\x07\x09 more", NIC_GREY8) == Pixels{7, 9});
  // White space is data once the header has ended.
  CHECK(PixelsOf("P5 1 1 255\n\n", NIC_GREY8) == Pixels{10});
}

TEST_CASE("samples are scaled with rounding") {
  CHECK(PixelsOf("P5 3 1 15\n\x00\x07\x0f"s, NIC_GREY8) == Pixels{0, 119, 255});
}

TEST_CASE("more than 8 bits become 16") {
  const auto samples_of = [](const std::string& bytes, nic_pixel_format format) {
    Picture picture;
    CHECK(ReadBytes(bytes, &picture).ok());
    CHECK(picture.format == format);
    CHECK(picture.notes.empty());
    std::vector<uint32_t> samples;
    for (size_t i = 0; i < picture.pixels.size() / 2; ++i) samples.push_back(picture.sample(i));
    return samples;
  };
  using Samples = std::vector<uint32_t>;
  CHECK(samples_of("P5 3 1 65535\n\x00\x80\x12\x34\xff\xff"s, NIC_GREY16) == Samples{0x80, 0x1234, 0xffff});
  CHECK(samples_of("P6 1 1 65535\nabcdef"s, NIC_RGB16) == Samples{0x6162, 0x6364, 0x6566});
  CHECK(samples_of("P2 3 1 1000\n0 500 1000", NIC_GREY16) == Samples{0, 32768, 65535});
}

TEST_CASE("PNM files that break the format") {
  CHECK(StatusOf("P5 x 1 255\n") == kExitMalformed);
  CHECK(StatusOf("P5 1 -1 255\n") == kExitMalformed);
  CHECK(StatusOf("P5 1 1 0\n\x01") == kExitMalformed);
  CHECK(StatusOf("P5 1 1 65536\n\x01") == kExitMalformed);
  CHECK(StatusOf("P5 0 1 255\n\x01") == kExitMalformed);
  CHECK(StatusOf("P5 1 1 100\n\x65") == kExitMalformed);
  CHECK(StatusOf("P2 1 1 100\n101") == kExitMalformed);
  CHECK(StatusOf("P1 1 1\n2") == kExitMalformed);
  CHECK(StatusOf("P5 99999999999 1 255\n") == kExitMalformed);
  CHECK(StatusOf("P5 4294967295 4294967295 255\n") == kExitLimit);
  CHECK(StatusOf("P5 100000 1 255\n") == kExitLimit);
}

TEST_CASE("a PNM cut anywhere is truncated") {
  for (const std::string& whole :
       {"P5 2 2 255\n\x01\x02\x03\x04"s, "P6\n1 2 65535\nabcdefghijkl"s, "P4 9 1\n\x01\x02"s}) {
    for (size_t size = 3; size < whole.size(); ++size) {
      CAPTURE(whole, size);
      CHECK(StatusOf(whole.substr(0, size)) == kExitTruncated);
    }
  }
  CHECK(StatusOf("P2 2 2 255\n1 2 3") == kExitTruncated);
}
