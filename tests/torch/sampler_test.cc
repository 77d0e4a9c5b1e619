#include "sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "check.h"
#include "samples.h"

namespace nic::testing {
namespace {

// A crop as bytes again.
torch::Tensor ToBytes(const torch::Tensor& crops) { return crops.add(0.5).mul(255).round().to(torch::kByte); }

std::vector<uint8_t> ToVector(const torch::Tensor& crops) {
  const torch::Tensor bytes = ToBytes(crops).permute({0, 2, 3, 1}).contiguous();
  return {bytes.data_ptr<uint8_t>(), bytes.data_ptr<uint8_t>() + bytes.numel()};
}

Dataset LoadPictures(int count, int width, int height) {
  Folder folder;
  WritePictures(folder.path(), count, width, height);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), std::min(width, height), &dataset).ok());
  return dataset;
}

TEST_CASE("sampler: crops come from the pictures, in all eight orientations, the same for the same seed") {
  const Dataset dataset = LoadPictures(1, 16, 16);
  const Sampler sampler(dataset, torch::kCPU);
  std::set<std::vector<uint8_t>> seen;
  const std::vector<uint8_t>& samples = dataset.picture(0).samples;
  const std::multiset<uint8_t> expected(samples.begin(), samples.end());
  for (uint64_t step = 0; step < 100; ++step) {
    Random random(5, step), same(5, step);
    const std::vector<uint8_t> crop = ToVector(sampler.Draw(1, {16, 0, 1}, random));
    CHECK(crop == ToVector(sampler.Draw(1, {16, 0, 1}, same)));
    CHECK(std::multiset<uint8_t>(crop.begin(), crop.end()) == expected);
    seen.insert(crop);
  }
  CHECK(seen.size() == 8);
}

TEST_CASE("sampler: a batch holds different crops of different pictures") {
  const Dataset dataset = LoadPictures(3, 40, 36);
  const Sampler sampler(dataset, torch::kCPU);
  Random random(1, 1);
  const torch::Tensor batch = sampler.Draw(16, {16, 0, 1}, random);
  CHECK(batch.sizes() == torch::IntArrayRef({16, 3, 16, 16}));
  CHECK(batch.min().item<double>() >= -0.5);
  CHECK(batch.max().item<double>() <= 0.5);
  std::set<std::vector<uint8_t>> seen;
  for (int i = 0; i < 16; ++i) seen.insert(ToVector(batch.narrow(0, i, 1)));
  CHECK(seen.size() > 12);
}

TEST_CASE("sampler: scaling down keeps a ramp a ramp") {
  Folder folder;
  Picture ramp{64, 64, {}};
  for (int i = 0; i < 64 * 64; ++i) ramp.samples.insert(ramp.samples.end(), 3, static_cast<uint8_t>(i % 64 * 4));
  REQUIRE(WritePng(folder / "ramp.png", ramp).ok());
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  const Sampler sampler(dataset, torch::kCPU);
  int scaled = 0;
  for (uint64_t step = 0; step < 50; ++step) {
    Random random(1, step);
    const std::vector<uint8_t> crop = ToVector(sampler.Draw(1, {16, 1, 0.5}, random));
    // Along one axis the values are constant, along the other they rise by 4 to 8 a pixel.
    const int across = std::abs(crop[15 * 3] - crop[0]);
    const int down = std::abs(crop[15 * 16 * 3] - crop[0]);
    CHECK(std::min(across, down) == 0);
    CHECK(std::max(across, down) >= 56);
    CHECK(std::max(across, down) <= 122);
    scaled += std::max(across, down) > 70;
  }
  CHECK(scaled > 20);
}

TEST_CASE("sampler: colours change mildly, each crop's in its own way, and stay whole levels") {
  const Dataset dataset = LoadPictures(1, 32, 32);
  const Sampler sampler(dataset, torch::kCPU);
  Random plain(3, 1), coloured(3, 1);
  const torch::Tensor before = sampler.Draw(1, {32, 0, 1, 0}, plain);
  const torch::Tensor after = sampler.Draw(1, {32, 0, 1, 0.1}, coloured);
  const double change = (before - after).abs().mean().item<double>();
  CHECK(change > 0.002);
  CHECK(change < 0.2);
  CHECK(torch::allclose(after.add(0.5).mul(255), ToBytes(after).to(torch::kFloat), 0, 1e-3));
}

// (3, 32, 32), levels far from black and white, of a picture whose chroma is replicated over squares of 2 x 2 pixels.
Dataset LoadReplicatedChroma() {
  Picture picture;
  picture.width = picture.height = 32;
  Random random(7, 0);
  std::array<int, 3 * 16 * 16> chroma;
  for (int& value : chroma) value = random.Below(60) - 30;
  for (int i = 0; i < 32 * 32; ++i) {
    const int grey = 90 + random.Below(70);
    const int square = i / 64 * 16 + i % 32 / 2;
    for (int c = 0; c < 3; ++c) {
      picture.samples.push_back(static_cast<uint8_t>(grey + chroma[static_cast<size_t>(3 * square + c)]));
    }
  }
  Folder folder;
  REQUIRE(WritePng(folder / "replicated.png", picture).ok());
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 32, &dataset).ok());
  return dataset;
}

torch::Tensor LumaOf(const torch::Tensor& crop) {
  return (crop * torch::tensor({0.299, 0.587, 0.114}).view({1, 3, 1, 1})).sum(1, true);
}

TEST_CASE("sampler: chroma is smoothed as often as asked for and by a random part, luma stays") {
  const Dataset dataset = LoadReplicatedChroma();
  const Sampler sampler(dataset, torch::kCPU);
  const torch::Tensor binomial = torch::tensor({1.0f, 2.0f, 1.0f}) / 4;
  const torch::Tensor kernel = torch::outer(binomial, binomial).view({1, 1, 3, 3}).repeat({3, 1, 1, 1});
  const std::vector<int64_t> one = {1, 1};
  int smoothed = 0;
  double least = 1, most = 0;
  for (uint64_t step = 0; step < 200; ++step) {
    Random plain(3, step), smooth(3, step);
    const torch::Tensor before = sampler.Draw(1, {32, 0, 1, 0, 0}, plain).mul(255);
    const torch::Tensor after = sampler.Draw(1, {32, 0, 1, 0, 0.5}, smooth).mul(255);
    if (before.equal(after)) continue;
    ++smoothed;
    CHECK((LumaOf(before) - LumaOf(after)).abs().max().item<double>() <= 0.501);
    // Inside, where no edge is repeated, the change is one part of what the whole filter would change.
    const torch::Tensor chroma = before - LumaOf(before);
    const auto inner = [](const torch::Tensor& x) { return x.slice(2, 1, 31).slice(3, 1, 31); };
    const torch::Tensor whole =
        torch::convolution(chroma, kernel, {}, one, {0, 0}, one, false, {0, 0}, 3) - inner(chroma);
    const torch::Tensor change = inner(after - before);
    const double part = ((change * whole).sum() / whole.square().sum()).item<double>();
    CHECK((change - part * whole).abs().max().item<double>() < 1);  // rounding, and what it does to `part`
    CHECK(whole.abs().max().item<double>() > 10);
    least = std::min(least, part);
    most = std::max(most, part);
  }
  CHECK(smoothed > 70);
  CHECK(smoothed < 130);
  CHECK(least >= 0);
  CHECK(least < 0.2);
  CHECK(most > 0.8);
  CHECK(most < 1.01);
}

TEST_CASE("sampler: patterns cover as many crops as asked for, some wholly and some in part") {
  const Dataset dataset = LoadPictures(1, 32, 32);
  const Sampler sampler(dataset, torch::kCPU);
  int changed = 0, partly = 0;
  for (uint64_t step = 0; step < 200; ++step) {
    Random plain(3, step), covered(3, step);
    const torch::Tensor before = sampler.Draw(1, {32, 0, 1, 0, 0, 0}, plain);
    const torch::Tensor after = sampler.Draw(1, {32, 0, 1, 0, 0, 0.25}, covered);
    const double share = before.ne(after).any(1).to(torch::kFloat).mean().item<double>();
    changed += share > 0;
    partly += share > 0 && share < 0.9;
    CHECK(torch::allclose(after.add(0.5).mul(255), ToBytes(after).to(torch::kFloat), 0, 1e-3));
  }
  CHECK(changed > 30);
  CHECK(changed < 75);
  CHECK(partly > 8);
  CHECK(partly < changed);
}

}  // namespace
}  // namespace nic::testing
