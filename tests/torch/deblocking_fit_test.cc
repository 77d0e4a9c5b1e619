#include "deblocking_fit.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "api/block_model.h"
#include "check.h"
#include "container/package.h"
#include "files.h"
#include "model/model_section.h"
#include "package_file.h"
#include "samples.h"

namespace nic::testing {
namespace {

// A model whose every 8 x 8 pixels have one grey, on pictures that are mostly smooth.
struct Scene {
  Scene() {
    const std::vector<uint8_t> package = MakeBlockPackage(77);
    REQUIRE(WriteFile(path(), {reinterpret_cast<const char*>(package.data()), package.size()}).ok());
    REQUIRE(PrepareModel(path(), true, memory, &model).ok());
    std::filesystem::create_directory(folder / "pictures");
    WritePictures(folder / "pictures", 6, 200, 150);
    REQUIRE(Dataset::Load(folder / "pictures", 16, &pictures).ok());
  }
  std::string path() const { return folder / "blocks.nicm"; }

  Folder folder;
  Memory memory;
  std::unique_ptr<PreparedModel> model;
  Dataset pictures;
};

TEST_CASE("deblocking fit: filters bring a blocky model's pictures nearer to the originals, with weaker edges") {
  Scene scene;
  DeblockingModel deblocking(scene.memory);
  size_t last = 0;
  const FitProgress progress = [&](size_t done, size_t all) {
    CHECK(done <= all);
    CHECK(done >= last);
    last = done;
  };
  REQUIRE(FitDeblocking(*scene.model, scene.pictures, {}, scene.memory, progress, &deblocking).ok());
  CHECK(last == 12);
  std::vector<DeblockingReport> before, after;
  REQUIRE(JudgeDeblocking(*scene.model, scene.pictures, scene.memory, &before).ok());
  REQUIRE(scene.model->PrepareDeblocking(deblocking, Target::kScalar, scene.memory).ok());
  REQUIRE(JudgeDeblocking(*scene.model, scene.pictures, scene.memory, &after).ok());
  REQUIRE(before.size() == static_cast<size_t>(scene.model->decoder().levels));
  for (size_t level = 0; level < before.size(); ++level) {
    CAPTURE(level, before[level].psnr, after[level].psnr, before[level].edges, after[level].edges);
    CHECK(after[level].psnr > before[level].psnr);
    CHECK(after[level].edges < before[level].edges / 4);
  }
  // Every row takes as much as it gives, but for rounding: flat lines stay as they are.
  for (size_t i = 0; i < deblocking.filter.size(); i += 8) {
    int sum = 0;
    for (size_t j = 0; j < 8; ++j) sum += deblocking.filter[i + j];
    CHECK(std::abs(sum) <= 4);
  }
}

TEST_CASE("deblocking fit: a class with few lines has no filter") {
  Scene scene;
  DeblockingModel deblocking(scene.memory);
  DeblockingOptions options;
  options.fewest = 1000000000;
  REQUIRE(FitDeblocking(*scene.model, scene.pictures, options, scene.memory, {}, &deblocking).ok());
  for (const int16_t weight : deblocking.filter) CHECK(weight == 0);
  options.filter_bits = 16;
  DeblockingModel refused(scene.memory);
  CHECK(FitDeblocking(*scene.model, scene.pictures, options, scene.memory, {}, &refused).code() ==
        NIC_MODEL_MALFORMED);
}

TEST_CASE("package file: a section is added in its place or exchanged, and the digest follows what is required") {
  Scene scene;
  std::vector<uint8_t> package;
  REQUIRE(ReadFile(scene.path(), &package).ok());
  DeblockingModel deblocking(scene.memory);
  deblocking.filter.resize(deblocking.place(scene.model->decoder().levels, 0));
  std::pmr::vector<uint8_t> section, once, twice, noted;
  WriteDeblockingSection(deblocking, &section);
  const std::vector<uint8_t> notes = {'n'};
  REQUIRE(SetSection(package, SectionType::kDeblocking, 0, section, scene.memory, &once).ok());
  REQUIRE(SetSection(once, SectionType::kDeblocking, 0, section, scene.memory, &twice).ok());
  CHECK(once == twice);
  REQUIRE(SetSection(once, SectionType::kNotes, kSectionOptional, notes, scene.memory, &noted).ok());
  PackageReader before(scene.memory), after(scene.memory), with_notes(scene.memory);
  REQUIRE(before.Open(package).ok());
  REQUIRE(after.Open(once).ok());
  REQUIRE(with_notes.Open(noted).ok());
  CHECK(after.digest() != before.digest());
  CHECK(with_notes.digest() == after.digest());
  REQUIRE(with_notes.sections().size() == 4);
  CHECK(with_notes.Find(SectionType::kNotes)->raw_size == 1);
  CHECK(with_notes.Find(SectionType::kDeblocking)->raw_size == section.size());

  const std::string path = scene.folder / "deblocked.nicm";
  REQUIRE(WriteFile(path, {reinterpret_cast<const char*>(once.data()), once.size()}).ok());
  std::unique_ptr<PreparedModel> with, without;
  REQUIRE(PrepareModel(path, true, scene.memory, &with).ok());
  REQUIRE(PrepareModel(path, false, scene.memory, &without).ok());
  CHECK(with->deblocking());
  CHECK(!without->deblocking());
  CHECK(!scene.model->deblocking());
}

}  // namespace
}  // namespace nic::testing
