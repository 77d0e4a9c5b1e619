#include "trainer.h"

#include <torch/utils.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "check.h"
#include "files.h"
#include "samples.h"

namespace nic::testing {
namespace {

Config SmallConfig() {
  Config config;
  config.patch = 64;
  config.batch = 2;
  config.steps = 8;
  config.warmup = 2;
  config.rate = 1e-3;
  config.weight_decay = 0.01;
  config.downscale = 0.5;
  config.log_steps = 2;
  config.shape = kSmallShape;
  config.start = "random";
  return config;
}

struct Scene {
  Scene() {
    torch::set_num_threads(1);
    WritePictures(pictures.path(), 3, 96, 80);
    config.data = pictures.path();
    config.output = output / "run";
  }
  Dataset Load() const {
    Dataset dataset;
    REQUIRE(Dataset::Load(pictures.path(), 64, &dataset).ok());
    return dataset;
  }
  Folder pictures;
  Folder output;
  Config config = SmallConfig();
};

std::vector<uint8_t> Bytes(const std::string& path) {
  std::vector<uint8_t> bytes;
  REQUIRE(ReadFile(path, &bytes).ok());
  return bytes;
}

TEST_CASE("trainer: N steps equal N/2, a checkpoint and N/2 more") {
  Scene scene;
  scene.config.quantise = GENERATE(false, true);
  const Dataset dataset = scene.Load();
  const auto run = [&](Trainer& trainer, int64_t until) {
    StepReport report;
    while (trainer.step() < until) REQUIRE(trainer.Step(1e-3, &report).ok());
    return report;
  };
  Trainer whole(scene.config, dataset, torch::kCPU);
  if (scene.config.quantise) REQUIRE(whole.BeginQuantised(dataset).ok());
  const StepReport last = run(whole, 8);
  REQUIRE(whole.Save(scene.output / "whole", 5).ok());

  Trainer half(scene.config, dataset, torch::kCPU);
  if (scene.config.quantise) REQUIRE(half.BeginQuantised(dataset).ok());
  run(half, 4);
  REQUIRE(half.Save(scene.output / "half", 2.5).ok());
  Trainer rest(scene.config, dataset, torch::kCPU);
  double elapsed = 0;
  REQUIRE(rest.Resume(scene.output / "half", &elapsed).ok());
  CHECK(elapsed == 2.5);
  CHECK(rest.step() == 4);
  const StepReport resumed = run(rest, 8);
  REQUIRE(rest.Save(scene.output / "rest", 5).ok());
  CHECK(resumed.loss == last.loss);
  for (const char* file : {"weights", "average", "first", "second"}) {
    const std::string name = std::string("/step-00000008/") + file + ".safetensors";
    CHECK(Bytes(scene.output / ("whole" + name)) == Bytes(scene.output / ("rest" + name)));
  }
}

TEST_CASE("trainer: a short training lowers the loss, writes its log and keeps two checkpoints") {
  Scene scene;
  scene.config.steps = 60;
  scene.config.rate = 3e-3;
  scene.config.log_steps = 10;
  scene.config.checkpoint_minutes = 0;  // after every step
  TrainingRun run;
  run.config = scene.config;
  REQUIRE(Train(run).ok());
  const auto log = Bytes(scene.config.output + "/log.csv");
  const std::string text(log.begin(), log.end());
  CHECK(std::count(text.begin(), text.end(), '\n') == 7);
  const auto loss_of = [&](int line) {
    size_t at = 0;
    for (int i = 0; i < line; ++i) at = text.find('\n', at) + 1;
    for (int i = 0; i < 3; ++i) at = text.find(',', at) + 1;
    return std::stod(text.substr(at));
  };
  CHECK(loss_of(6) < 0.9 * loss_of(1));
  size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scene.config.output)) folders += entry.is_directory();
  CHECK(folders == 2);
  // What it left can be loaded as a model.
  StoredTensors average;
  REQUIRE(ReadSafetensors(scene.config.output + "/step-00000060/average.safetensors", &average).ok());
  Network network(scene.config.shape);
  CHECK(LoadNetwork(average, network).ok());
}

TEST_CASE("trainer: asked to stop, it leaves a checkpoint that it goes on from") {
  Scene scene;
  const std::atomic<bool> stop{true};
  TrainingRun run;
  run.config = scene.config;
  run.stop = &stop;
  CHECK(Train(run).code() == NIC_CANCELLED);
  run.stop = nullptr;
  run.resume = scene.config.output;
  CHECK(Train(run).ok());
  CHECK(std::filesystem::exists(scene.config.output + "/step-00000008/weights.safetensors"));
}

TEST_CASE("trainer: a step of not-a-number leaves the weights; fifty in a row stop the training") {
  Scene scene;
  const Dataset dataset = scene.Load();
  Trainer trainer(scene.config, dataset, torch::kCPU);
  StepReport report;
  REQUIRE(trainer.Step(1e-3, &report).ok());
  StoredTensors weights = StoreNetwork(trainer.network());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::copy_n(reinterpret_cast<const uint8_t*>(&nan), sizeof nan, weights.tensors["d8.bias"].bytes.begin());
  REQUIRE(trainer.Initialise(weights).ok());
  Status status;
  int skipped = 0;
  while ((status = trainer.Step(1e-3, &report)).ok()) skipped += report.skipped;
  CHECK(skipped == 49);
  CHECK(status.code() == NIC_INTERNAL);
  CHECK(std::string(status.message()).find("step 51") != std::string::npos);
  const StoredTensors after = StoreNetwork(trainer.network());
  CHECK(after.tensors.at("e8.weight").bytes == weights.tensors.at("e8.weight").bytes);
}

TEST_CASE("trainer: what cannot be read or written is an error") {
  Scene scene;
  TrainingRun run;
  run.config = scene.config;
  run.config.data = scene.output.path();
  CHECK(Train(run).code() == NIC_INVALID_ARGUMENT);
  run.config = scene.config;
  run.config.patch = 128;
  CHECK(Train(run).code() == NIC_INVALID_ARGUMENT);
  run.config = scene.config;
  run.config.init = scene.output / "absent";
  CHECK(Train(run).code() == NIC_IO);
  run.config = scene.config;
  run.resume = scene.output / "absent";
  CHECK(Train(run).code() == NIC_IO);
  run.resume.clear();
  REQUIRE(WriteFile(scene.output / "file", "in the way").ok());
  run.config.output = scene.output / "file";
  CHECK(Train(run).code() == NIC_IO);
}

TEST_CASE("trainer: a checkpoint of another architecture or a damaged one is refused") {
  Scene scene;
  const Dataset dataset = scene.Load();
  Trainer trainer(scene.config, dataset, torch::kCPU);
  REQUIRE(trainer.Save(scene.output / "c", 0).ok());
  Config wider = scene.config;
  wider.shape.analysis_width = 16;
  Trainer other(wider, dataset, torch::kCPU);
  double elapsed = 0;
  CHECK(other.Resume(scene.output / "c", &elapsed).code() == NIC_MODEL_MISMATCH);
  const std::string folder = scene.output / "c/step-00000000";
  REQUIRE(WriteFile(folder + "/first.safetensors", "short").ok());
  CHECK(trainer.Resume(folder, &elapsed).code() == NIC_TRUNCATED);
  REQUIRE(WriteFile(folder + "/state.json", "{}").ok());
  CHECK(trainer.Resume(folder, &elapsed).code() == NIC_MALFORMED);
}

TEST_CASE("trainer: the learning rate rises, then falls to zero") {
  CHECK(RateFactor(0, 10, 0) == Approx(0.1));
  CHECK(RateFactor(9, 10, 0) == Approx(1));
  CHECK(RateFactor(100, 10, 0.5) == Approx(0.5));
  CHECK(RateFactor(100, 10, 1) == Approx(0).margin(1e-12));
  CHECK(RateFactor(100, 10, 2) == Approx(0).margin(1e-12));
  CHECK(RateFactor(0, 0, 0) == Approx(1));
}

TEST_CASE("qualities: one from each stratum") {
  Random random(1, 2);
  auto qualities = StratifiedQualities(8, 7, random);
  std::sort(qualities.begin(), qualities.end());
  for (size_t i = 0; i < 8; ++i) {
    CHECK(qualities[i] >= static_cast<float>(i) * 7 / 8);
    CHECK(qualities[i] <= static_cast<float>(i + 1) * 7 / 8);
  }
}

TEST_CASE("trainer: validation adds to its table and leaves a sample of four pictures") {
  Scene scene;
  scene.config.validation = scene.config.data;
  scene.config.validation_minutes = 0;
  scene.config.steps = 2;
  TrainingRun run;
  run.config = scene.config;
  REQUIRE(Train(run).ok());
  const std::vector<uint8_t> table = Bytes(scene.config.output + "/validation.csv");
  const std::string text(table.begin(), table.end());
  CHECK(text.find("step,seconds,quality,bpp,psnr\n0,") == 0);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 3 * 5);
  CHECK(text.find("\n2,") != std::string::npos);
  Picture sample;
  REQUIRE(ReadPicture(scene.config.output + "/samples/step-00000002.png", &sample).ok());
  CHECK(sample.width == 4 * 96);
  CHECK(sample.height == 80);
  run.config.output = scene.output / "second";
  run.config.validation = scene.output / "nothing";
  CHECK(Train(run).code() == NIC_IO);
}

}  // namespace
}  // namespace nic::testing
