#include "validation.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "evaluation.h"

namespace nic {
namespace {

constexpr int kSampleSide = 384;

// Pictures of one height beside one another.
Picture PutSideBySide(const std::vector<Picture>& pictures) {
  Picture row;
  row.height = pictures.front().height;
  for (const Picture& picture : pictures) row.width += picture.width;
  row.samples.resize(size_t(row.width) * row.height * 3);
  size_t begin = 0;
  for (const Picture& picture : pictures) {
    const size_t bytes = size_t(picture.width) * 3;
    for (size_t y = 0; y < size_t(row.height); ++y) {
      std::memcpy(&row.samples[y * row.width * 3 + begin], &picture.samples[y * bytes], bytes);
    }
    begin += bytes;
  }
  return row;
}

Picture CutCorner(const Picture& picture, int side) {
  Picture corner;
  corner.width = std::min(picture.width, side);
  corner.height = std::min(picture.height, side);
  for (int y = 0; y < corner.height; ++y) {
    const auto begin = picture.samples.begin() + ptrdiff_t{3} * picture.width * y;
    corner.samples.insert(corner.samples.end(), begin, begin + ptrdiff_t{3} * corner.width);
  }
  return corner;
}

}  // namespace

Validation::Validation(const Config& config, torch::Device device)
    : output_(config.output), device_(device), network_(std::make_shared<Network>(config.shape)) {
  const auto highest = static_cast<double>(config.shape.levels - 1);
  for (int i = 0; i < 5; ++i) qualities_.push_back(highest * i / 4);
  network_->to(device_);
}

Status Validation::Open(const Config& config, torch::Device device, std::unique_ptr<Validation>* validation) {
  std::unique_ptr<Validation> opened(new Validation(config, device));
  if (!config.validation.empty()) {
    NIC_RETURN_IF_ERROR(Dataset::Load(config.validation, 16, &opened->pictures_).Within("validation"));
    opened->pictures_.Keep(kPictures);
  }
  *validation = std::move(opened);
  return {};
}

Status Validation::Run(const Trainer& trainer, double seconds) {
  if (!active()) return {};
  trainer.CopyAverage(*network_);
  const auto points = Evaluate(*network_, pictures_, qualities_, device_, {});
  const std::string path = output_ + "/validation.csv";
  FILE* file = std::fopen(path.c_str(), "a");
  if (!file) return Status::Error(NIC_IO, Status::kNoOffset, "cannot append to %s", path.c_str());
  if (std::ftell(file) == 0) std::fprintf(file, "step,seconds,quality,bpp,psnr\n");
  for (size_t i = 0; i < points.size(); ++i) {
    std::fprintf(file, "%lld,%.1f,%g,%.5f,%.4f\n", static_cast<long long>(trainer.step()), seconds, qualities_[i],
                 points[i].bpp, points[i].psnr);
  }
  if (std::fclose(file) != 0) return Status::Error(NIC_IO, Status::kNoOffset, "cannot write %s", path.c_str());
  return WriteSample(trainer.step());
}

Status Validation::WriteSample(int64_t step) {
  const Picture original = CutCorner(pictures_.picture(0), kSampleSide);
  std::vector<Picture> row = {original};
  for (double quality : {qualities_.front(), qualities_[qualities_.size() / 2], qualities_.back()}) {
    row.push_back(PassThrough(*network_, original, quality, device_));
  }
  std::error_code error;
  std::filesystem::create_directories(output_ + "/samples", error);
  char name[64];
  std::snprintf(name, sizeof name, "/samples/step-%08lld.png", static_cast<long long>(step));
  return WritePng(output_ + name, PutSideBySide(row));
}

}  // namespace nic
