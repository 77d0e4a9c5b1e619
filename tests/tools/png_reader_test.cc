// Kinds of PNG are told apart in the command-line tests; here is what damage does.
#include "tools/png_reader.h"

#include "temporary_folder.h"
#include "tools/picture_writer.h"

using namespace nic::tools;
using namespace nic::tools::testing;

namespace {

std::string SamplePng() {
  const TemporaryFolder folder;
  Picture picture = SamplePicture(16, 12, NIC_RGB8);
  OutputFile output;
  REQUIRE(output.Open(folder / "a").ok());
  const auto writer = NewPictureWriter(PictureFormat::kPng, &output);
  REQUIRE(writer->Begin(16, 12, NIC_RGB8).ok());
  REQUIRE(writer->Write(picture.pixels.data(), 12, picture.stride()).ok());
  REQUIRE(writer->End().ok());
  REQUIRE(output.Commit().ok());
  return Load(folder / "a");
}

}  // namespace

TEST_CASE("a PNG cut anywhere is truncated") {
  const std::string whole = SamplePng();
  for (size_t size = 4; size < whole.size(); ++size) {
    CAPTURE(size);
    Picture picture;
    CHECK(ReadBytes(whole.substr(0, size), &picture).exit_status() == kExitTruncated);
  }
}

TEST_CASE("a PNG with any bit turned is read or refused, never more") {
  const std::string whole = SamplePng();
  for (size_t bit = 0; bit < whole.size() * 8; bit += 5) {
    std::string damaged = whole;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    Picture picture;
    const Outcome outcome = ReadBytes(damaged, &picture);
    CAPTURE(bit, outcome.text());
    CHECK(outcome.exit_status() != kExitFailure);
  }
}
