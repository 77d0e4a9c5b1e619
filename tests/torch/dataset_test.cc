#include "dataset.h"

#include <cstdio>
#include <filesystem>
#include <set>

#include "check.h"
#include "files.h"
#include "samples.h"

namespace nic::testing {
namespace {

TEST_CASE("dataset: a folder and its pack hold the same pictures") {
  Folder folder;
  WritePictures(folder.path(), 3, 40, 36);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 32, &dataset).ok());
  REQUIRE(dataset.size() == 3);
  CHECK(dataset.pixels() == 3 * 40 * 36);
  CHECK(dataset.picture(1).samples == MakePicture(40, 36, 1).samples);
  REQUIRE(dataset.WritePack(folder / "pack").ok());
  Dataset packed;
  REQUIRE(Dataset::Load(folder / "pack", 32, &packed).ok());
  REQUIRE(packed.size() == 3);
  CHECK(packed.picture(2).samples == dataset.picture(2).samples);
}

TEST_CASE("dataset: a pack cut anywhere is refused") {
  Folder folder;
  WritePictures(folder.path(), 1, 8, 6);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 1, &dataset).ok());
  REQUIRE(dataset.WritePack(folder / "pack").ok());
  std::vector<uint8_t> bytes;
  REQUIRE(ReadFile(folder / "pack", &bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(WriteFile(folder / "cut", {reinterpret_cast<const char*>(bytes.data()), size}).ok());
    Dataset cut;
    CHECK(!Dataset::Load(folder / "cut", 1, &cut).ok());
  }
}

TEST_CASE("dataset: empty, absent, tiny and damaged input") {
  Folder folder;
  Dataset dataset;
  CHECK(Dataset::Load(folder.path(), 16, &dataset).code() == NIC_INVALID_ARGUMENT);
  CHECK(Dataset::Load(folder / "absent", 16, &dataset).code() == NIC_IO);
  WritePictures(folder.path(), 1, 20, 15);
  const Status tiny = Dataset::Load(folder.path(), 16, &dataset);
  CHECK(tiny.code() == NIC_INVALID_ARGUMENT);
  CHECK(std::string(tiny.message()).find("20 x 15") != std::string::npos);
  CHECK(dataset.size() == 0);
  for (const char* bytes : {"", "text, not a picture", "\xff\xd8\xff\xe0 no JPEG", "\x89PNG\r\n\x1a\n but cut"}) {
    REQUIRE(WriteFile(folder / "1.jpg", bytes).ok());
    const Status damaged = Dataset::Load(folder.path(), 1, &dataset);
    CHECK(damaged.code() == NIC_MALFORMED);
    CHECK(std::string(damaged.message()).find("1.jpg") != std::string::npos);
  }
}

TEST_CASE("dataset: crops come from the pictures, in all eight orientations, the same for the same seed") {
  Folder folder;
  WritePictures(folder.path(), 1, 16, 16);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 16, &dataset).ok());
  std::set<std::vector<uint8_t>> seen;
  const std::vector<uint8_t>& samples = dataset.picture(0).samples;
  const std::multiset<uint8_t> expected(samples.begin(), samples.end());
  for (uint64_t step = 0; step < 100; ++step) {
    std::vector<uint8_t> crop(16 * 16 * 3), again(crop.size());
    Random random(5, step), same(5, step);
    dataset.Sample({16, 0, 1}, random, crop.data());
    dataset.Sample({16, 0, 1}, same, again.data());
    CHECK(crop == again);
    CHECK(std::multiset<uint8_t>(crop.begin(), crop.end()) == expected);
    seen.insert(crop);
  }
  CHECK(seen.size() == 8);
}

TEST_CASE("dataset: scaling down keeps a ramp a ramp") {
  Folder folder;
  Picture ramp{64, 64, {}};
  for (int i = 0; i < 64 * 64; ++i) ramp.samples.insert(ramp.samples.end(), 3, static_cast<uint8_t>(i % 64 * 4));
  REQUIRE(WritePng(folder / "ramp.png", ramp).ok());
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  std::vector<uint8_t> crop(16 * 16 * 3);
  int scaled = 0;
  for (uint64_t step = 0; step < 50; ++step) {
    Random random(1, step);
    dataset.Sample({16, 1, 0.5}, random, crop.data());
    // Along one axis the values are constant, along the other they rise by 4 to 8 a pixel.
    const int across = std::abs(crop[15 * 3] - crop[0]);
    const int down = std::abs(crop[15 * 16 * 3] - crop[0]);
    CHECK(std::min(across, down) == 0);
    CHECK(std::max(across, down) >= 58);
    CHECK(std::max(across, down) <= 122);
    scaled += std::max(across, down) > 70;
  }
  CHECK(scaled > 20);
}

}  // namespace
}  // namespace nic::testing
