#include "dataset.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

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

TEST_CASE("dataset: pictures off a grid of eight are cut differently, small ones stay") {
  Folder folder;
  WritePictures(folder.path(), 10, 40, 36);
  Dataset dataset, small;
  REQUIRE(Dataset::Load(folder.path(), 32, &dataset).ok());
  dataset.Unalign();
  const Picture whole = MakePicture(40, 36, 9);
  const Picture& cut = dataset.picture(9);  // three columns, four rows
  REQUIRE(cut.width == 37);
  REQUIRE(cut.height == 32);
  for (size_t y = 0; y < 32; ++y) {
    const auto* row = &cut.samples[y * 37 * 3];
    CHECK(std::equal(row, row + 37 * 3, &whole.samples[((y + 4) * 40 + 3) * 3]));
  }
  for (size_t i = 0; i < 10; ++i) {
    CHECK(dataset.picture(i).width == 39 - static_cast<int>(i % 7));
    CHECK(dataset.picture(i).height < 36);
    CHECK(dataset.picture(i).height >= 29);
  }
  Folder other;
  WritePictures(other.path(), 2, 15, 15);
  REQUIRE(Dataset::Load(other.path(), 1, &small).ok());
  small.Unalign();
  CHECK(small.picture(1).width == 15);
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
  constexpr std::pair<const char*, nic_status> kFiles[] = {{"", NIC_TRUNCATED},
                                                           {"text, not a picture", NIC_MALFORMED},
                                                           {"\xff\xd8\xff\xe0 no JPEG", NIC_TRUNCATED},
                                                           {"\x89PNG\r\n\x1a\n but cut", NIC_MALFORMED}};
  for (const auto& [bytes, code] : kFiles) {
    REQUIRE(WriteFile(folder / "1.jpg", bytes).ok());
    const Status damaged = Dataset::Load(folder.path(), 1, &dataset);
    CHECK(damaged.code() == code);
    CHECK(std::string(damaged.message()).find("1.jpg") != std::string::npos);
  }
}

}  // namespace
}  // namespace nic::testing
