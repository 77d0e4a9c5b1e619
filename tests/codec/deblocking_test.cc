#include "codec/deblocking.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "codec/thread_pool.h"

using namespace nic;

namespace {

constexpr int kLevels = 3;

struct Scene {
  // Rate 1 + 100 / 256; with a map every position has its own.
  Scene(int factor, int64_t latent_height, int64_t latent_width, bool with_map, uint32_t seed) : random(seed) {
    decoder.latent_factor = factor;
    decoder.latent_channels = 1;
    decoder.levels = kLevels;
    height = factor * latent_height;
    width = factor * latent_width;
    map.unit = 3;
    map.height = latent_height;
    map.width = latent_width;
    map.steps = Buffer<int8_t>(memory, static_cast<size_t>(latent_height * latent_width));
    for (int8_t& step : map.steps) step = static_cast<int8_t>(static_cast<uint8_t>(random()));
    const std::vector<LogGain> table(kLevels);
    gains = std::make_unique<GainField>(table, 1, RateIndex{1, 100}, with_map ? &map : nullptr, memory);
    has_map = with_map;
  }

  int Draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

  // `largest`: of a weight; eight of them are the most that a model may have where it is 8191.
  void FillFilters(int activities, int steps, int bits, int largest) {
    for (int i = 0; i < activities; ++i) model.activity.push_back(static_cast<int16_t>(200 * i + Draw(0, 100)));
    for (int i = 0; i < steps; ++i) model.step.push_back(static_cast<int16_t>(100 * i + Draw(0, 50)));
    model.filter_bits = bits;
    model.filter.resize(model.place(kLevels, 0));
    for (int16_t& weight : model.filter) weight = static_cast<int16_t>(Draw(-largest, largest));
    REQUIRE(CheckModel(model, decoder).ok());
  }

  void FillSamples(int largest) {
    samples.resize(static_cast<size_t>(height * width * 3));
    for (int16_t& sample : samples) sample = static_cast<int16_t>(Draw(-largest - 1, largest));
  }

  int LevelAt(int64_t y, int64_t x) const {
    int rate = 256 + 100;
    if (has_map) rate += 3 * map.step(y / decoder.latent_factor, x / decoder.latent_factor);
    return (std::clamp(rate, 0, 256 * (kLevels - 1)) + 128) >> 8;
  }

  Memory memory;
  std::mt19937 random;
  DecoderModel decoder{memory};
  DeblockingModel model{memory};
  GainMap map;
  std::unique_ptr<GainField> gains;
  bool has_map = false;
  int64_t height = 0, width = 0;
  std::vector<int16_t> samples;
};

// One line of the specification's section.
void FilterLine(const Scene& scene, int level, int kind, int16_t* at, int64_t stride) {
  int64_t t[8], result[8];
  for (int j = 0; j < 8; ++j) t[j] = at[j * stride];
  const int64_t activity = std::abs(t[1] - 2 * t[2] + t[3]) + std::abs(t[4] - 2 * t[5] + t[6]);
  const int64_t step = std::abs(t[4] - t[3]);
  const auto reached = [](const std::pmr::vector<int16_t>& thresholds, int64_t value) {
    return static_cast<size_t>(
        std::count_if(thresholds.begin(), thresholds.end(), [&](int16_t each) { return each <= value; }));
  };
  const size_t steps = scene.model.step.size() + 1;
  const size_t number = reached(scene.model.activity, activity) * steps + reached(scene.model.step, step);
  const int16_t* w = &scene.model.filter[scene.model.place(level, kind) + number * 32];
  const int bits = scene.model.filter_bits;
  for (int i = 0; i < 4; ++i) {
    int64_t first = bits ? int64_t{1} << (bits - 1) : 0, second = first;
    for (int j = 0; j < 8; ++j) {
      first += w[i * 8 + j] * t[j];
      second += w[i * 8 + j] * t[7 - j];
    }
    result[i] = std::clamp<int64_t>(t[i] + (first >> bits), -32768, 32767);
    result[7 - i] = std::clamp<int64_t>(t[7 - i] + (second >> bits), -32768, 32767);
  }
  for (int j = 0; j < 8; ++j) at[j * stride] = static_cast<int16_t>(result[j]);
}

std::vector<int16_t> FilterPlainly(const Scene& scene) {
  std::vector<int16_t> v = scene.samples;
  const auto at = [&](int64_t y, int64_t x) { return &v[static_cast<size_t>((y * scene.width + x) * 3)]; };
  const auto kind = [&](int64_t border) { return border % scene.decoder.latent_factor == 0 ? 0 : 1; };
  for (int64_t y = 0; y < scene.height; ++y) {
    for (int64_t x = 8; x < scene.width; x += 8) {
      for (int c = 0; c < 3; ++c) FilterLine(scene, scene.LevelAt(y, x), kind(x), at(y, x - 4) + c, 3);
    }
  }
  for (int64_t y = 8; y < scene.height; y += 8) {
    for (int64_t x = 0; x < scene.width; ++x) {
      for (int c = 0; c < 3; ++c) FilterLine(scene, scene.LevelAt(y, x), kind(y), at(y - 4, x) + c, 3 * scene.width);
    }
  }
  return v;
}

std::vector<int16_t> FilterRegion(const Scene& scene, const Rect& region, Target target, Parallel& parallel,
                                  Memory& memory) {
  const DeblockingFilters filters(scene.model, scene.decoder, target, memory);
  const Rect around = Deblocking::Surround(region, scene.height, scene.width);
  Deblocking deblocking(filters, *scene.gains, scene.decoder.latent_factor, region, scene.height, scene.width,
                        parallel, memory);
  std::vector<int16_t> out;
  int64_t next = region.y0;
  for (int64_t y = around.y0; y < around.y1; ++y) {
    const int16_t* row = &scene.samples[static_cast<size_t>((y * scene.width + around.x0) * 3)];
    const Status status = deblocking.Add(y, row, [&](int64_t number, const int16_t* values) {
      CHECK(number == next++);
      out.insert(out.end(), values, values + region.width() * 3);
      return Status();
    });
    REQUIRE(status.ok());
  }
  CHECK(next == region.y1);
  return out;
}

std::vector<int16_t> Crop(const Scene& scene, const std::vector<int16_t>& all, const Rect& region) {
  std::vector<int16_t> out;
  for (int64_t y = region.y0; y < region.y1; ++y) {
    const auto row = all.begin() + (y * scene.width + region.x0) * 3;
    out.insert(out.end(), row, row + region.width() * 3);
  }
  return out;
}

const Target kTargets[] = {Target::kScalar, Target::kSse4, Target::kAvx2, Target::kAvx512, Target::kNeon};

}  // namespace

TEST_CASE("deblocking is what its definition says, with every target and several threads, everywhere and in regions") {
  const int factor = GENERATE(8, 16, 32);
  const bool with_map = GENERATE(false, true);
  Scene scene(factor, 40 / factor + 1, 640 / factor + 1, with_map, 11);
  scene.FillFilters(5, 4, 9, 300);
  scene.FillSamples(3000);
  const std::vector<int16_t> expected = FilterPlainly(scene);
  REQUIRE(expected != scene.samples);
  ThreadPool pool(3);
  for (const Target target : kTargets) {
    if (!TargetSupported(target)) continue;
    INFO(TargetName(target));
    const Rect whole{0, 0, scene.width, scene.height};
    CHECK(FilterRegion(scene, whole, target, pool, scene.memory) == expected);
    for (int i = 0; i < 20; ++i) {
      Rect region;
      region.x0 = scene.Draw(0, static_cast<int>(scene.width) - 1);
      region.y0 = scene.Draw(0, static_cast<int>(scene.height) - 1);
      region.x1 = scene.Draw(static_cast<int>(region.x0) + 1, static_cast<int>(scene.width));
      region.y1 = scene.Draw(static_cast<int>(region.y0) + 1, static_cast<int>(scene.height));
      INFO(region.x0 << " " << region.y0 << " " << region.x1 << " " << region.y1);
      CHECK(FilterRegion(scene, region, target, pool, scene.memory) == Crop(scene, expected, region));
    }
  }
}

TEST_CASE("deblocking with extreme samples and weights does not overflow") {
  const int bits = GENERATE(0, 1, 15);
  Scene scene(16, 3, 3, false, 12);
  scene.FillFilters(GENERATE(0, 7), GENERATE(0, 7), bits, 8191);
  // The sum's bound, with every sign.
  for (size_t i = 0; i < scene.model.filter.size(); i += 16) {
    const int sign = scene.Draw(0, 1) ? 1 : -1;
    for (size_t j = 0; j < 8; ++j) scene.model.filter[i + j] = static_cast<int16_t>(sign * (j == 7 ? 8191 : 8192));
  }
  REQUIRE(CheckModel(scene.model, scene.decoder).ok());
  scene.FillSamples(32767);
  for (int16_t& sample : scene.samples) {
    if (scene.Draw(0, 2) > 0) sample = scene.Draw(0, 1) ? 32767 : -32768;
  }
  for (size_t i = 0; i < static_cast<size_t>(scene.width * 3 * 8); ++i) scene.samples[i] = -32768;
  const std::vector<int16_t> expected = FilterPlainly(scene);
  Serial serial;
  for (const Target target : kTargets) {
    if (!TargetSupported(target)) continue;
    INFO(TargetName(target));
    CHECK(FilterRegion(scene, {0, 0, scene.width, scene.height}, target, serial, scene.memory) == expected);
  }
}

TEST_CASE("deblocking with weights of 0 changes nothing, and one latent has no border of latents") {
  Scene scene(8, 1, 1, false, 13);
  scene.FillFilters(2, 2, 8, 200);
  scene.FillSamples(4000);
  Serial serial;
  CHECK(FilterRegion(scene, {0, 0, 8, 8}, Target::kScalar, serial, scene.memory) == scene.samples);
  Scene idle(16, 2, 2, false, 14);
  idle.FillFilters(3, 3, 8, 0);
  idle.FillSamples(4000);
  CHECK(FilterRegion(idle, {0, 0, 32, 32}, BestTarget(), serial, idle.memory) == idle.samples);
}
