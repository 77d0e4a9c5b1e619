#include "samples.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "check.h"
#include "exporter.h"
#include "random.h"

namespace nic::testing {

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "nic-test-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

Picture MakePicture(int width, int height, uint64_t seed) {
  Random random(seed, 0);
  double phase[9];
  for (double& p : phase) p = random.Uniform() * 6.28;
  Picture picture{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(x * 0.07 + phase[c]) + std::sin(y * 0.05 + phase[3 + c]) +
                            0.4 * std::sin((x + y) * 0.4 + phase[6 + c]) + 0.2 * random.Uniform();
        picture.samples.push_back(static_cast<uint8_t>(std::clamp(128 + 48 * wave, 0.0, 255.0)));
      }
    }
  }
  return picture;
}

void WritePictures(const std::string& folder, int count, int width, int height) {
  for (int i = 0; i < count; ++i) {
    const std::string path = folder + "/" + std::to_string(i) + ".png";
    REQUIRE(WritePng(path, MakePicture(width, height, static_cast<uint64_t>(i))).ok());
  }
}

torch::Tensor Numbers::Fill(const std::vector<int64_t>& shape, double scale) {
  torch::Tensor tensor = torch::empty(shape);
  auto* data = tensor.data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) data[i] = static_cast<float>(scale * Next());
  return tensor;
}

void FillNetwork(Network& network, Numbers& numbers) {
  torch::NoGradGuard no_gradients;
  std::map<std::string, torch::Tensor> sorted;
  for (const auto& item : network.named_parameters()) sorted[item.key()] = item.value();
  for (auto& [name, tensor] : sorted) tensor.copy_(numbers.Fill(tensor.sizes().vec(), 0.15));
  network.loggain.add_(3.0);
  network.loginv.sub_(3.0);
}

void Export(Network& network, const Dataset& dataset, Exported* exported, int64_t side, int64_t crops) {
  ExportOptions options;
  options.side = side;
  options.calibration_crops = crops;
  options.statistics_crops = 16;
  const Status status = ExportModel(network, dataset, options, exported->memory, &exported->decoder, &exported->encoder,
                                    [](const char*) {});
  INFO(status.message());
  REQUIRE(status.ok());
}

std::string FolderFromEnvironment(const char* variable) {
  const char* value = std::getenv(variable);
  if (!value) WARN("skipped: " << variable << " is not set");
  return value ? value : "";
}

}  // namespace nic::testing
